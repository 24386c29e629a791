import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ArtifactFolder } from '../../src/kernel/artifacts/artifact-folder';
import type { Sha256 } from '../../src/kernel/artifacts/artifact';
import { createLogger } from '../../src/kernel/logger';
import type { ModelFile } from '../../src/serving/execution/backend';
import { Fleet } from '../../src/serving/fleet/fleet';
import { OnnxBackend } from '../../src/serving/backends/onnx';
import { Batcher } from '../../src/serving/batching/batcher';
import type { WorkerToken } from '../../src/serving/fleet/worker-token';
import { FIRST_HOLD_MS } from '../../src/serving/worker/quarantine';
import { WorkerPool } from '../../src/serving/worker/worker-pool';
import type { WorkerUnavailable } from '../../src/serving/execution/worker-unavailable';
import { crashing, overflowingDivision } from '../support/onnx-models';
import { until } from '../support/until';
import { openWorkerDoor, type WorkerDoor } from '../support/worker-door';

const TOKEN = 'a-token-of-a-test-only' as WorkerToken;
const NODES = 2;
const HOURS_MS = 10_000_000;

let folder: string;
let store: ArtifactFolder;
let pools: readonly WorkerPool[];
let nodes: readonly WorkerDoor<OnnxBackend>[];
let fleet: Fleet;
let batcher: Batcher;
/** On the nodes' clock. */
let laterMs = 0;
let deaths = 0;

beforeEach(async () => {
  [laterMs, deaths] = [0, 0];
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-fleet-'));
  store = await ArtifactFolder.open(folder);
  const worker = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };
  pools = Array.from(
    { length: NODES },
    () =>
      new WorkerPool({
        ...worker,
        workers: 1,
        nowMs: () => performance.now() + laterMs,
        onEvent: ({ type }) => (deaths += type === 'worker-died' ? 1 : 0),
      }),
  );
  await Promise.all(pools.map((pool) => pool.start()));
  nodes = await Promise.all(pools.map((pool) => openWorkerDoor(new OnnxBackend(pool, worker), store, TOKEN)));
  const find = () => Promise.resolve(nodes.map(({ address }) => address));
  fleet = new Fleet({ discovery: { find, everyMs: 60_000 }, token: TOKEN, logger: createLogger('silent') });
  batcher = new Batcher(fleet);
  await fleet.start();
  await until(() => fleet.status().length === NODES);
});
afterEach(async () => {
  batcher.stop();
  await fleet.stop();
  await Promise.all(nodes.map(({ door }) => door.stop(0)));
  await Promise.all(pools.map((pool) => pool.stop({ withinMs: 0 })));
  await rm(folder, { recursive: true, force: true });
});

/** Registered, and run by an endpoint. */
async function deployed(bytes: Uint8Array): Promise<ModelFile> {
  const sha256 = createHash('sha256').update(bytes).digest('hex') as Sha256;
  await store.write(sha256, Readable.from([bytes]), 1_000_000);
  const file = { sha256, path: (await store.lease(sha256)).path };
  fleet.lease([{ file, rows: 1 }]);
  return file;
}

/** What callers of one row each, who come together, are told. */
async function toldTogether(file: ModelFile, ...values: readonly number[]) {
  const deadlineAt = performance.now() + HOURS_MS;
  const outcomes = await Promise.allSettled(
    values.map((by) =>
      batcher.submit({
        ...{ file, batchable: true, deadlineAt },
        inputs: [{ name: 'x', datatype: 'INT32', shape: [1, 1], data: Int32Array.of(by) }],
      }),
    ),
  );
  return outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? (outcome.value.outputs[0]?.data as Int32Array)[0]
      : (outcome.reason as WorkerUnavailable).reason,
  );
}

/** Until every node has said anew how it is. */
const everyNodeIsUp = () => until(() => fleet.status().every(({ state }) => state === 'idle'));

test('a question that ends its workers costs nobody else the answer, two processes, and the model nothing', async () => {
  const file = await deployed(overflowingDivision());
  expect(await toldTogether(file, 2)).toEqual([-(2 ** 30)]);
  const told = await toldTogether(file, 1, 2, -1, 4, 8);
  expect(told).toEqual([-(2 ** 31), -(2 ** 30), 'crashed', -(2 ** 29), -(2 ** 28)]);
  expect(deaths).toBe(2); // the batch's, and its own
  for (const pool of pools) expect(pool.whyNot(file.sha256) ?? '').not.toContain('times in a row');
  expect(await toldTogether(file, 4, 8)).toEqual([-(2 ** 29), -(2 ** 28)]);
});

test('a caller of a model that ends all processes hears for how long it is held back, as its node counts', async () => {
  const file = await deployed(crashing());
  const input = { name: 'x', datatype: 'INT32', shape: [1, 1], data: Int32Array.of(2) } as const;
  const ask = () => fleet.run(file, [input], { timeoutMs: 60_000 }).catch((error: unknown) => error);
  let refused = (await ask()) as WorkerUnavailable;
  while (refused.reason === 'crashed') refused = (await ask()) as WorkerUnavailable;
  expect(refused).toMatchObject({ reason: 'quarantined', retryAfterMs: expect.any(Number) as number });
  expect(refused.retryAfterMs).toBeGreaterThan(FIRST_HOLD_MS / 2);
  expect(refused.retryAfterMs).toBeLessThanOrEqual(FIRST_HOLD_MS);
});

test('a model that was held back at every node is tried by one run when its time is over, and answers again', async () => {
  const file = await deployed(overflowingDivision());
  const holding = () => fleet.status().filter(({ heldBack = [] }) => heldBack[0]?.sha256 === file.sha256);
  for (let node = 1; node <= NODES; node++) {
    await everyNodeIsUp();
    expect(await toldTogether(file, -1)).toEqual(['crashed']);
    await until(() => holding().length === node); // each for itself, and seen from here
  }
  await until(() => fleet.whyNot(file.sha256) !== null);
  expect(await toldTogether(file, 2)).toEqual(['quarantined']);
  laterMs = FIRST_HOLD_MS;
  const told = new Set<unknown>();
  await until(async () => {
    for (const answer of await toldTogether(file, 2)) told.add(answer);
    return nodes.every(({ backend }) => backend.holds(file.sha256));
  });
  told.delete('quarantined'); // until the nodes have said that the time is over
  expect([...told]).toEqual([-(2 ** 30)]);
  await until(() => fleet.whyNot(file.sha256) === null);
});
