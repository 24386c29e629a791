import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ArtifactFolder } from '../../../../src/kernel/artifacts/artifact-folder';
import type { Sha256 } from '../../../../src/kernel/artifacts/artifact';
import { createLogger } from '../../../../src/kernel/logger';
import { Fleet } from '../../../../src/serving/fleet/fleet';
import type { WorkerToken } from '../../../../src/serving/fleet/worker-token';
import { WorkerUnavailable } from '../../../../src/serving/execution/worker-unavailable';
import { ScriptedBackend } from '../../../support/scripted-backend';
import { until } from '../../../support/until';
import { openWorkerDoor, type WorkerDoor } from '../../../support/worker-door';

const TOKEN = 'a-token-of-a-test-only' as WorkerToken;
const BYTES = Buffer.from('a model');
const sha256 = createHash('sha256').update(BYTES).digest('hex') as Sha256;
const file = { sha256, path: '' };

/** Unloads its model when, and if, the test says so. */
class SlowBackend extends ScriptedBackend {
  end: ((failure?: Error) => void) | undefined;

  override async unload(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.end = (failure) => (failure ? reject(failure) : resolve());
    });
    this.isHolding = false;
  }
}

let folder: string;
let workers: readonly [WorkerDoor<SlowBackend>, WorkerDoor<SlowBackend>];
let fleet: Fleet;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-unload-'));
  const store = await ArtifactFolder.open(folder);
  await store.write(sha256, Readable.from([BYTES]), 1_000);
  const start = () => openWorkerDoor(new SlowBackend(sha256), store, TOKEN);
  workers = [await start(), await start()];
  const find = () => Promise.resolve(workers.map(({ address }) => address));
  const logger = createLogger('silent');
  fleet = new Fleet({ discovery: { find, everyMs: 60_000 }, token: TOKEN, logger });
  await fleet.start();
  await until(() => fleet.status().length === workers.length);
});
afterEach(async () => {
  await fleet.stop();
  for (const { backend } of workers) backend.end?.();
  await Promise.all(workers.map(({ door }) => door.stop(0)));
  await rm(folder, { recursive: true, force: true });
});

/** Begins to unload the model, and loses the first worker before it has; null: no failure. */
async function unloadLosingOne() {
  let isOver = false;
  const outcome = fleet.unload(file).then(
    () => null,
    (error: unknown) => error,
  );
  void outcome.then(() => (isOver = true));
  await until(() => workers.every(({ backend }) => backend.end !== undefined));
  await workers[0].door.stop(0);
  await until(() => fleet.status().length === 1);
  expect(isOver).toBe(false);
  return { outcome };
}

test('a model is unloaded once all workers that are there have let go of it, whoever was lost meanwhile', async () => {
  const { outcome } = await unloadLosingOne();
  workers[1].backend.end?.();
  expect(await outcome).toBeNull();
  expect(workers[1].backend.isHolding).toBe(false);
});

test('what one worker says against unloading is told, though another one was lost before it said so', async () => {
  const { outcome } = await unloadLosingOne();
  workers[1].backend.end?.(new WorkerUnavailable('busy', 'It has too much to do.'));
  expect(await outcome).toMatchObject({ reason: 'busy', message: 'It has too much to do.' });
});
