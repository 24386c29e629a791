import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { S3Server } from './s3-server';

/** Where a test server keeps the bytes of artifacts. */
export interface TestStore {
  /** What the server is told of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Takes the bytes of an artifact away behind the server's back, or puts others in their place. */
  spoil(sha256: string, bytes: string | null): Promise<void>;
  /** Names of what was begun and is neither kept nor given up. */
  unfinished(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** A bucket where the tests are told so, each server's its own; else a folder. */
export const newTestStore = async (folder: string): Promise<TestStore> =>
  process.env.MODELGRAPH_TEST_STORE === 's3'
    ? bucketStore(folder, await sharedServer(), leaveServer)
    : folderStore(folder);

const folderStore = (folder: string): TestStore => ({
  environment: { MODEL_STORE: folder },
  spoil: async (sha256, bytes) => {
    const path = join(folder, 'artifacts', 'sha256', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
    await (bytes === null ? rm(path) : writeFile(path, bytes));
  },
  unfinished: () => readdir(join(folder, 'artifacts', 'incoming')),
  stop: () => Promise.resolve(),
});

const PREFIX = 'models/';

/** @param stop what is to be done when the test server stops */
export async function bucketStore(
  folder: string,
  server: S3Server,
  stop: () => Promise<void>,
): Promise<TestStore> {
  const bucket = await server.newBucket();
  const cache = join(folder, 'cache');
  return {
    environment: {
      MODEL_STORE: `s3://${bucket}/${PREFIX}`,
      S3_ENDPOINT: server.access.endpoint ?? '',
      ADMIN_KEY_FILE: join(folder, 'admin.key'),
      ARTIFACT_CACHE: cache,
    },
    spoil: (sha256, bytes) => server.spoil(bucket, PREFIX, sha256, bytes),
    unfinished: async () => {
      const parts = await readdir(cache);
      const drafts = await Promise.all(parts.map((part) => readdir(join(cache, part, 'incoming'))));
      return [...(await server.unfinished(bucket)), ...drafts.flat()];
    },
    stop,
  };
}

let shared: Promise<S3Server> | null = null;
let users = 0;

/** One for all servers of a test file. */
function sharedServer(): Promise<S3Server> {
  users += 1;
  return (shared ??= S3Server.start());
}

async function leaveServer(): Promise<void> {
  users -= 1;
  if (users > 0) return;
  const server = await shared;
  shared = null;
  await server?.stop();
}
