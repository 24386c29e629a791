import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import type { ModelFile, RunResult } from '../../../../src/serving/execution/backend';
import { WorkerPool, type PoolOptions } from '../../../../src/serving/worker/worker-pool';
import { LOAD_AGAIN_AFTER_MS } from '../../../../src/serving/execution/load-again';
import { DRAIN_MS } from '../../../../src/serving/worker/leases';
import { LATELY_MS } from '../../../../src/serving/worker/model-memory';
import { WorkerProcess } from '../../../../src/serving/worker/worker-process';
import { affine, endlessLoop, heavy, modelFile } from '../../../support/onnx-models';
import { until } from '../../../support/until';

const MEBIBYTE = 1024 ** 2;
/** Takes three times as much while it is loaded, and as much as this afterwards. */
const WEIGHTS = 64 * MEBIBYTE;
/** For one model, and not for another one that is loaded beside it. */
const TIGHT = 224 * MEBIBYTE;
/** For three models side by side: the third needs 128 for those before it and 192 for itself, the fourth 64 more. */
const ROOM = 352 * MEBIBYTE;

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
const [a, b, c, d] = [1, 2, 3, 4].map((seed) => modelFile(folder, heavy(WEIGHTS, seed))) as [
  ModelFile,
  ModelFile,
  ModelFile,
  ModelFile,
];
const endless = modelFile(folder, endlessLoop());
const tiny = modelFile(folder, affine());
const leased = (...files: ModelFile[]) => files.map((file) => ({ file, rows: 1 }));

let bareBytes: number;
/** One worker with room for three; two with room for one each; two with room for all. Each test finds them empty. */
let small: WorkerPool;
let tight: WorkerPool;
let pair: WorkerPool;
let pool: WorkerPool;
let nowMs = 0;

beforeAll(async () => {
  pair = await startPool({ workers: 2 });
  // The first model of a worker also makes the runtime grow, for good.
  await pair.load(a);
  await pair.unload(a);
  bareBytes = pair.status()[0]?.rssBytes ?? NaN;
  small = await startPool({ budgetBytes: bareBytes + ROOM });
  await small.load(a);
  await small.unload(a);
  tight = await startPool({ workers: 2, budgetBytes: bareBytes + TIGHT });
  await tight.load(a);
  await tight.unload(a);
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const each of [small, tight, pair]) {
    each.limit(new Map());
    each.lease([]);
    nowMs += DRAIN_MS;
    for (const file of [a, b, c, d, tiny]) await each.unload(file);
  }
});
afterAll(async () => {
  await Promise.all([small, tight, pair].map((each) => each.stop({ withinMs: 2_000 })));
  rmSync(folder, { recursive: true });
});

async function startPool(changes: Partial<PoolOptions> = {}): Promise<WorkerPool> {
  const options = { providers: ['cpu'], intraOpNumThreads: 1, environment: {}, nowMs: () => nowMs };
  const started = new WorkerPool({ ...options, workers: 1, ...changes });
  await started.start();
  return started;
}

/** As a file of the store, whose size is known before it is here. */
const stored = ({ sha256, ...file }: ModelFile): ModelFile => {
  const path = 'path' in file ? file.path : '';
  return { sha256, sizeBytes: WEIGHTS, lease: () => Promise.resolve({ path, release: () => undefined }) };
};

const held = (): readonly string[] => pool.status()[0]?.models ?? [];

function ask(file: ModelFile): Promise<RunResult> {
  const i: Tensor = { name: 'i', datatype: 'INT64', shape: [1, 1], data: BigInt64Array.of(5n) };
  return pool.run(file, [i], { timeoutMs: 60_000 });
}

/** Sees the commands that workers are given. */
function loadsOf({ sha256 }: ModelFile): () => number {
  const spy = jest.spyOn(WorkerProcess.prototype, 'request');
  return () => spy.mock.calls.filter(([it]) => it.type === 'load' && it.sha256 === sha256).length;
}

/** Resolves when the worker has come back, and can take runs. */
async function killed(id: number): Promise<void> {
  const pid = pool.status()[id]?.pid ?? NaN;
  process.kill(pid, 'SIGKILL');
  await until(() => pool.status()[id]?.pid !== pid && pool.status()[id]?.state === 'idle');
}

test('a worker lets go of the model used longest ago before memory runs out', async () => {
  pool = small;
  for (const file of [a, b, c]) await ask(file);
  expect(held()).toEqual([a.sha256, b.sha256, c.sha256]);
  await ask(a);
  await ask(d);
  expect(held()).toEqual([c.sha256, a.sha256, d.sha256]);
  const { rssBytes = NaN } = pool.status()[0] ?? {};
  expect(rssBytes).toBeLessThan(bareBytes + ROOM);
});

test('what endpoints run stays; what has no room beside it is refused, in megabytes', async () => {
  pool = small;
  pool.lease(leased(a, b));
  for (const file of [a, b, c]) await ask(file);
  await ask(d);
  expect(held()).toEqual([a.sha256, b.sha256, d.sha256]); // though c was used last
  pool.lease(leased(a, b, d));
  await expect(ask(c)).rejects.toMatchObject({
    reason: 'memory',
    message: expect.stringMatching(
      /needs 192 MB .* may take \d+ MB \(ONNX_WORKER_MEMORY_MB\).* and 3 models that endpoints run/,
    ),
  });
  await expect(ask(a)).resolves.toBeDefined();
});

test('what endpoints run makes room for another that endpoints run', async () => {
  pool = small;
  pool.lease(leased(a, b, c, d));
  for (const file of [a, b, c, d]) await ask(file);
  expect(held()).toEqual([b.sha256, c.sha256, d.sha256]);
});

test('a model whose endpoint has moved on is kept until those sent to it have their answers', async () => {
  pool = small;
  pool.lease(leased(a, b, c));
  for (const file of [a, b, c]) await ask(file);
  pool.lease(leased(b, c));
  nowMs += DRAIN_MS - 1;
  await expect(ask(d)).rejects.toMatchObject({ reason: 'memory' });
  nowMs += 1;
  await ask(d);
  expect(held()).toEqual([b.sha256, c.sha256, d.sha256]);
});

test('a model that is larger than the budget by itself is refused', async () => {
  pool = small;
  const large = modelFile(folder, heavy(2 * WEIGHTS));
  pool.lease(leased(large));
  await expect(pool.load(large)).rejects.toMatchObject({ reason: 'memory' });
  await expect(ask(large)).rejects.toMatchObject({ reason: 'memory' });
  expect(held()).toEqual([]);
});

test('however many ask at once, each worker loads a model once', async () => {
  pool = pair;
  const loads = loadsOf(a);
  await Promise.all([pool.load(a, 1), pool.load(a, 1), ask(a), ask(a), ask(a), pool.load(a, 1)]);
  expect(loads()).toBe(2);
  expect(pool.status().map(({ models }) => models)).toEqual([[a.sha256], [a.sha256]]);
});

/** The fewest workers that had time until then. */
async function fewestIdle(work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const ended = work.finally(() => (isOver = true));
  let fewest = Infinity;
  while (!isOver) {
    fewest = Math.min(fewest, pool.idleCount());
    await new Promise(setImmediate);
  }
  await ended;
  return fewest;
}

test('while endpoints have traffic, half of the workers go on answering, whatever is loaded', async () => {
  pool = pair;
  await pool.load(tiny);
  pool.lease(leased(tiny));
  expect(await fewestIdle(Promise.all([pool.load(a, 1), pool.load(b, 1)]))).toBe(1);
  for (const { models } of pool.status())
    expect(models).toEqual(expect.arrayContaining([a.sha256, b.sha256]));
});

test('nor are all of them loading where one is given what it lacks', async () => {
  pool = pair;
  await ask(a);
  pool.lease(leased(a));
  const lacks = () => pool.status().filter(({ models }) => !models.includes(a.sha256)).length;
  expect(await fewestIdle(Promise.all([pool.load(b, 1), until(() => lacks() === 0)]))).toBe(1);
});

describe('where each of two workers has room for one model', () => {
  const names = () => pool.status().map(({ models }) => models);
  /** The first model is in use, and the second is made ready. */
  async function swapBegun(): Promise<void> {
    pool = tight;
    pool.lease(leased(a));
    await pool.load(a, 1);
    pool.lease(leased(a, b));
  }

  test('a new version is ready once one has it; the other goes on with the former one, and has all of its runs', async () => {
    await swapBegun();
    const loads = loadsOf(a);
    let isOver = false;
    const loaded = pool.load(b, 1).finally(() => (isOver = true));
    const asking = [1, 2, 3].map(async () => {
      while (!isOver) await ask(a);
    });
    await Promise.all([loaded, ...asking]);
    expect(names().flat().toSorted()).toEqual([a.sha256, b.sha256].toSorted());
    await Promise.all([ask(a), ask(b), ask(a), ask(b), ask(a)]);
    expect(loads()).toBe(0);
  });

  test('the other one has it when nobody may wait for the former one any more', async () => {
    await swapBegun();
    await pool.load(b, 1);
    const loads = loadsOf(b);
    pool.lease(leased(b));
    nowMs += DRAIN_MS - 1;
    pool.lease(leased(b));
    await ask(b);
    expect(names().flat()).toContain(a.sha256);
    nowMs += LOAD_AGAIN_AFTER_MS;
    pool.lease(leased(b));
    await until(() => names().every((models) => models.includes(b.sha256)));
    expect([names(), loads()]).toEqual([[[b.sha256], [b.sha256]], 1]);
  });

  test('the next version goes where the last one takes its leave', async () => {
    await swapBegun();
    await pool.load(b, 1);
    const before = names();
    pool.lease(leased(b, c));
    await pool.load(c, 1);
    expect(names()).toEqual(before.map(([held]) => [held === a.sha256 ? c.sha256 : held]));
  });

  test('two that endpoints run share them from the start', async () => {
    pool = tight;
    pool.lease(leased(a, b));
    await Promise.all([pool.load(a, 1), pool.load(b, 1)]);
    expect(names().flat().toSorted()).toEqual([a.sha256, b.sha256].toSorted());
  });

  test('what is asked takes the place of what has not been asked for long', async () => {
    pool = tight;
    pool.lease(leased(a, b));
    await Promise.all([pool.load(a, 1), pool.load(b, 1)]);
    nowMs += LATELY_MS;
    await ask(b);
    nowMs += LOAD_AGAIN_AFTER_MS;
    pool.lease(leased(a, b));
    await until(() => names().every((models) => models.includes(b.sha256)));
    await ask(a); // by whichever has time
    expect(names().flat().toSorted()).toEqual([a.sha256, b.sha256].toSorted());
  });

  test('a model of no endpoint is brought by its runs where there is room, and else run where it is', async () => {
    pool = tight;
    await ask(d);
    await Promise.all([ask(d), ask(d), ask(d)]);
    expect(names()).toEqual([[d.sha256], [d.sha256]]);
    pool.lease(leased(a));
    await pool.load(a, 1);
    expect(names()).toEqual([[a.sha256], [a.sha256]]);
    await expect(ask(d)).rejects.toMatchObject({ reason: 'memory' });
  });

  test('what is asked of another worker does not go for what is asked as well', async () => {
    pool = await startPool({ workers: 3, budgetBytes: bareBytes + TIGHT });
    try {
      pool.lease(leased(a, b));
      await Promise.all([pool.load(a, 1), pool.load(b, 1)]);
      const before = names();
      const loads = [loadsOf(a), loadsOf(b)];
      for (let round = 0; round < 3; round++) {
        nowMs += LATELY_MS;
        await ask(a);
        await ask(b);
        pool.lease(leased(a, b));
        await until(() => pool.idleCount() === 3);
      }
      expect(loads.map((count) => count())).toEqual([0, 0]);
      expect(names()).toEqual(before);
    } finally {
      await pool.stop({ withinMs: 2_000 });
    }
  });

  test('who waits for a worker that lets go of the model is answered by another one, not after its load', async () => {
    pool = tight;
    pool.lease(leased(a, b, c));
    await Promise.all([pool.load(a, 1), pool.load(b, 1)]);
    const [first] = names();
    const kept = first?.includes(a.sha256) ? a : b;
    await Promise.all([ask(c), ask(kept)]);
    expect(names()).toEqual([[c.sha256], [kept.sha256]]);
  });

  test('a stand-in that holds a model of one instance has its runs as long as its home has no room', async () => {
    pool = tight;
    pool.limit(new Map([[a.sha256, 1]]));
    pool.lease(leased(b, a));
    await pool.load(a, 1);
    const home = names().findIndex((models) => models.includes(a.sha256));
    const back = killed(home);
    await until(() => ['down', 'starting'].includes(pool.status()[home]?.state ?? ''));
    await ask(a);
    await back;
    const before = names();
    expect([before[home], before[1 - home]]).toEqual([[b.sha256], [a.sha256]]);
    await ask(a);
    expect(names()).toEqual(before);
  });

  test('a worker that comes back loads nothing first that has to go for what nobody holds', async () => {
    pool = tight;
    pool.lease(leased(a, b));
    await Promise.all([pool.load(a, 1), pool.load(b, 1)]);
    const loads = loadsOf(a);
    await killed(names().findIndex((models) => models.includes(b.sha256)));
    expect(names().flat().toSorted()).toEqual([a.sha256, b.sha256].toSorted());
    expect(loads()).toBe(0);
  });

  test('a run has its model loaded where there is room, or else where what goes was not asked for longest', async () => {
    pool = tight;
    const [one, two, three] = [a, b, c].map(stored) as [ModelFile, ModelFile, ModelFile];
    pool.lease(leased(one, two, three));
    await ask(one);
    await ask(two);
    expect(names()).toEqual([[a.sha256], [b.sha256]]);
    nowMs += LATELY_MS;
    await ask(one);
    await ask(three);
    const loads = loadsOf(a);
    await ask(one);
    await ask(three);
    expect([names(), loads()]).toEqual([[[a.sha256], [c.sha256]], 0]);
  });
});

test('who waits for a worker that dies is answered by another one at once', async () => {
  pool = pair;
  pool.lease(leased(a));
  await ask(a);
  const [holder, other] = pool.status();
  expect([holder?.models, other?.models]).toEqual([[a.sha256], []]);
  const x: Tensor = { name: 'x', datatype: 'FP32', shape: [1], data: Float32Array.of(1) };
  const slow = pool.run(endless, [x], { timeoutMs: 60_000 }).catch((error: unknown) => error);
  await until(() => pool.status()[0]?.state === 'busy');
  const answer = ask(a);
  process.kill(holder?.pid ?? NaN, 'SIGKILL');
  await answer;
  expect(pool.status()[1]?.models).toContain(a.sha256);
  await until(() => pool.status().some(({ models }) => models.includes(endless.sha256)));
  for (const { pid, models } of pool.status())
    if (models.includes(endless.sha256)) process.kill(pid ?? NaN, 'SIGKILL');
  expect(await slow).toMatchObject({ reason: 'crashed' });
  await until(() => pool.idleCount() === 2);
});

test('a worker that comes back has what endpoints run before it takes runs; the only one takes runs at once', async () => {
  pool = pair;
  pool.lease(leased(a, tiny));
  const seen: (readonly string[])[] = [];
  pool.onIdle(() => seen.push(held()));
  await killed(0);
  expect(seen.at(-1)?.toSorted()).toEqual([a.sha256, tiny.sha256].toSorted());
  pool = small;
  pool.lease(leased(a));
  await killed(0);
  expect(held()).toEqual([]);
});

test('stop does not wait for a worker that is being made ready', async () => {
  pool = await startPool({ workers: 2 });
  pool.lease(leased(a, b, c, d));
  const loads = loadsOf(a);
  process.kill(pool.status()[0]?.pid ?? NaN, 'SIGKILL');
  await until(() => loads() > 0);
  await pool.stop({ withinMs: 0 });
  expect(pool.status().map(({ state }) => state)).toEqual(['stopped', 'stopped']);
});
