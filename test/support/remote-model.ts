import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestServer, type TestServer } from './test-server';

/** The document that says where a model is. */
export const remoteModel = (fields: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ modelgraph: 'remote-model/1', ...fields });

export const REMOTE_KINDS = ['open-inference over HTTP', 'open-inference over gRPC', 'tf-serving'] as const;
export type RemoteKind = (typeof REMOTE_KINDS)[number];

/** A document of a model that another server has, by one of its three doors. */
export function documentFor(
  kind: RemoteKind,
  at: Pick<TestServer, 'url' | 'grpcAddress'>,
  model: string,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const isGrpc = kind === 'open-inference over gRPC';
  return remoteModel({
    backend: kind === 'tf-serving' ? 'tf-serving' : 'open-inference',
    url: isGrpc ? `grpc://${at.grpcAddress}` : at.url,
    model,
    credential: 'NEIGHBOUR',
    ...more,
  });
}

/** A server that may ask another, for which it has a credential by the name NEIGHBOUR, and some others. */
export async function startFront(
  neighbour: Pick<TestServer, 'url' | 'grpcAddress' | 'key'>,
  also: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly server: TestServer; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'modelgraph-credentials-'));
  const file = join(folder, 'credentials.json');
  const places = [new URL(neighbour.url).host, neighbour.grpcAddress];
  await writeFile(file, JSON.stringify({ NEIGHBOUR: { token: neighbour.key, origins: places } }));
  const server = await startTestServer({
    REMOTE_BACKENDS: [...places, ...also].join(','),
    REMOTE_CREDENTIALS_FILE: file,
    ...environment,
  });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  };
  return { server, stop };
}
