import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../../../../src/kernel/program';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import { WorkerPool, type PoolEvent, type PoolOptions } from '../../../../src/serving/worker/worker-pool';
import { MAX_SESSIONS } from '../../../../src/serving/worker/memory-budget';
import { isFrozen } from '../../../support/child-processes';
import { affine, affineAnswer, endlessLoop, identity, lookup, modelFile } from '../../../support/onnx-models';
import { until } from '../../../support/until';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
const pools: WorkerPool[] = [];
const events: PoolEvent[] = [];

/** A pool for the tests that leave it as it was; the others start their own. */
const shared = newPool();

function newPool(changes: Partial<PoolOptions> = {}): WorkerPool {
  return new WorkerPool({
    providers: ['cpu'],
    intraOpNumThreads: 1,
    environment: {},
    workers: 1,
    onEvent: (event) => events.push(event),
    ...changes,
  });
}

async function startPool(changes: Partial<PoolOptions> = {}): Promise<WorkerPool> {
  const pool = newPool(changes);
  pools.push(pool);
  await pool.start();
  return pool;
}

beforeEach(() => events.splice(0));
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.stop({ withinMs: 2_000 }))));
beforeAll(() => shared.start());
afterAll(async () => {
  await shared.stop({ withinMs: 2_000 });
  rmSync(folder, { recursive: true });
});

const options = { timeoutMs: 60_000 };
const row = (seed: number): Float32Array =>
  Float32Array.from({ length: 30 }, (_, at) => ((seed * 31 + at * 7) % 16) / 4);
const one = (name: string, data: Tensor['data'], datatype: Tensor['datatype'], shape: number[]): Tensor[] => [
  { name, data, datatype, shape },
];

async function predict(pool: WorkerPool, seed: number): Promise<void> {
  const { outputs } = await pool.run(
    modelFile(folder, affine()),
    one('x', row(seed), 'FP32', [1, 30]),
    options,
  );
  expect(Array.from(outputs[0]?.data as Float32Array)).toEqual(affineAnswer(row(seed)));
}

/** Callers that ask one after the other, and check every answer. */
class Load {
  /** Of each caller. */
  private readonly answers: number[];
  readonly failures: unknown[] = [];
  private going = true;
  private readonly callers: Promise<void>[];

  constructor(
    private readonly pool: WorkerPool,
    count: number,
  ) {
    this.answers = new Array<number>(count).fill(0);
    this.callers = this.answers.map((_, caller) => this.ask(caller));
  }

  /** Makes a look: whether every caller has had another answer since then. */
  fromNowOn(): () => boolean {
    const before = [...this.answers];
    return () => this.answers.every((answers, caller) => answers > (before[caller] ?? 0));
  }

  async end(): Promise<void> {
    this.going = false;
    await Promise.all(this.callers);
  }

  private async ask(caller: number): Promise<void> {
    for (let seed = caller; this.going && this.failures.length === 0; seed++) {
      try {
        await predict(this.pool, seed);
        this.answers[caller] = (this.answers[caller] ?? 0) + 1;
      } catch (error) {
        this.failures.push(error);
      }
    }
  }
}

const isUp = (state: string): boolean => state === 'idle' || state === 'busy';

/** Resolves when as many workers as asked for can take a run. */
async function idle(pool: WorkerPool, count: number): Promise<void> {
  if (pool.idleCount() >= count) return;
  await new Promise<void>((resolve) => pool.onIdle(() => pool.idleCount() >= count && resolve()));
}

test('a run answers, and the worker keeps the model', async () => {
  const pool = await startPool();
  await predict(pool, 1);
  expect(pool.status()).toMatchObject([
    { state: 'idle', provider: 'cpu', restarts: 0, models: [modelFile(folder, affine()).sha256] },
  ]);
});

test('text with several kinds of letters comes back as it was sent; NUL, which the runtime would cut, is refused', async () => {
  const pool = shared;
  const file = modelFile(folder, identity('BYTES'));
  const texts = ['', 'ß 😀'];
  const { outputs } = await pool.run(file, one('x', texts, 'BYTES', [1, 2]), options);
  expect(outputs).toEqual([{ name: 'y', datatype: 'BYTES', shape: [1, 2], data: texts }]);
  await expect(pool.run(file, one('x', ['a\0b', ''], 'BYTES', [1, 2]), options)).rejects.toThrow(/NUL/);
});

test.each([
  ['a wrong inner size', one('x', new Float32Array(29), 'FP32', [1, 29]), /Expected: 30/],
  ['a wrong rank', one('x', new Float32Array(30), 'FP32', [30]), /rank/i],
  ['a wrong datatype', one('x', new Float64Array(30), 'FP64', [1, 30]), /data type/i],
  ['an unknown input', one('z', new Float32Array(30), 'FP32', [1, 30]), /no input 'z'/],
  ['a missing input', [], /'x' is missing/],
  ['values of another class', one('x', new Float64Array(30), 'FP32', [1, 30]), /Float32Array/],
  ['a shape that cannot be', one('x', new Float32Array(30), 'FP32', [-1, -30]), /\[-1, -30\]/],
  ['too few values', one('x', new Float32Array(29), 'FP32', [1, 30]), /29 values.*needs 30/],
])(
  "%s is refused as the caller's mistake, in a sentence without source paths",
  async (_, inputs, message) => {
    const pool = shared;
    const refused = pool.run(modelFile(folder, affine()), inputs, options);
    await expect(refused).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringMatching(message),
    });
    await expect(refused).rejects.not.toThrow(/\.cc|onnxruntime_src/);
    await predict(pool, 1);
  },
);

test("values that only the run can refuse are the caller's mistake too", async () => {
  const pool = shared;
  const run = pool.run(
    modelFile(folder, lookup(8)),
    one('i', BigInt64Array.of(8n), 'INT64', [1, 1]),
    options,
  );
  await expect(run).rejects.toMatchObject({
    name: 'InvalidInput',
    message: expect.stringContaining('out of data bounds'),
  });
});

test('only the outputs asked for come back; unknown ones are refused', async () => {
  const pool = shared;
  const inputs = one('x', row(1), 'FP32', [1, 30]);
  const run = pool.run(modelFile(folder, affine()), inputs, { ...options, outputs: ['y'] });
  await expect(run).resolves.toMatchObject({ outputs: [{ name: 'y' }] });
  await expect(pool.run(modelFile(folder, affine()), inputs, { ...options, outputs: ['q'] })).rejects.toThrow(
    "no output 'q'",
  );
});

const CALLERS = 8;

/** Stops them in the midst of what they have: a run that one of them still answered would free it for a second try. */
async function freeze(pids: readonly number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  if (process.platform === 'linux') await until(() => pids.every(isFrozen));
  // What they have answered before is read.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

test('killing every worker under load gives no wrong answer, and all are back at once', async () => {
  const pool = await startPool({ workers: 2 });
  const load = new Load(pool, CALLERS);
  try {
    for (let round = 0; round < 2; round++) {
      const before = pool.status();
      const pids = before.flatMap(({ pid }) => pid ?? []);
      await freeze(pids);
      const areAllAnswered = load.fromNowOn();
      const killedAt = performance.now();
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      // What this machine needs to start two processes just now.
      const startMs = startPool({ workers: 2 }).then(() => performance.now() - killedAt);
      await until(() =>
        pool
          .status()
          .every(({ id, restarts, state }) => restarts > (before[id]?.restarts ?? 0) && isUp(state)),
      );
      expect(performance.now() - killedAt).toBeLessThan(Math.max(2_000, 3 * (await startMs)));
      // What was tried on a killed worker has been tried again: a run is tried twice, and no more often.
      await until(() => areAllAnswered() || load.failures.length > 0);
    }
  } finally {
    await load.end();
  }
  expect(load.failures).toEqual([]);
});

test('a run without end is killed at its time limit; the next model runs on a new process', async () => {
  const pool = await startPool();
  await pool.load(modelFile(folder, endlessLoop()));
  const run = pool.run(modelFile(folder, endlessLoop()), one('x', new Float32Array(1), 'FP32', [1]), {
    timeoutMs: 200,
  });
  await expect(run).rejects.toMatchObject({ name: 'WorkerUnavailable', reason: 'timeout' });
  await predict(pool, 1);
  expect(pool.status()).toMatchObject([{ restarts: 1 }]);
});

test('a worker holds a bounded number of models, and lets go of the one not used for longest', async () => {
  const pool = await startPool();
  const files = Array.from({ length: MAX_SESSIONS }, (_, at) =>
    modelFile(folder, identity('FP32', ['N', at + 1])),
  );
  for (const file of files) await pool.load(file);
  const use = files[0];
  if (use) await pool.run(use, one('x', Float32Array.of(1), 'FP32', [1, 1]), options);
  await pool.load(modelFile(folder, affine()));
  const held = pool.status()[0]?.models ?? [];
  expect(held).toHaveLength(MAX_SESSIONS);
  expect(held).toContain(files[0]?.sha256);
  expect(held).not.toContain(files[1]?.sha256);
});

test('load makes a model ready on every worker', async () => {
  const pool = await startPool({ workers: 2 });
  const file = modelFile(folder, affine());
  await pool.load(file);
  expect(pool.status().map(({ models }) => models)).toEqual([[file.sha256], [file.sha256]]);
  await predict(pool, 3);
});

test('a model whose file is gone is unavailable, and says so', async () => {
  const pool = shared;
  await expect(pool.load({ sha256: 'gone', path: join(folder, 'gone') })).rejects.toMatchObject({
    reason: 'load-failed',
  });
});

test('the first provider that works is used, and the others say why not; without a device all workers run', async () => {
  const pool = await startPool({ providers: ['no-such-provider', 'cpu'], workers: 2 });
  const skipped = { provider: 'no-such-provider', reason: expect.stringContaining('backend not found') };
  expect(pool.status()).toMatchObject([
    { provider: 'cpu', skippedProviders: [skipped] },
    { provider: 'cpu', skippedProviders: [] },
  ]);
  expect(events).toEqual([]);
});

test('a pool whose workers cannot start says why, and leaves nothing running', async () => {
  await expect(startPool({ providers: ['no-such-provider'] })).rejects.toMatchObject({
    reason: 'unfit',
    message: expect.stringContaining('no-such-provider'),
  });
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  "a worker sees nothing of the server's environment, and its working folder is empty and its own",
  async () => {
    process.env.SECRET_OF_THE_SERVER = 'do not tell';
    const pool = await startPool({ environment: { CUDA_VISIBLE_DEVICES: '0' } });
    delete process.env.SECRET_OF_THE_SERVER;
    const { pid } = pool.status()[0] ?? {};
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter(Boolean)
      .map((entry) => entry.split('=')[0]);
    expect(environment.sort()).toEqual([
      'CUDA_VISIBLE_DEVICES',
      'MALLOC_ARENA_MAX',
      'MALLOC_TRIM_THRESHOLD_',
    ]);
    expect(readdirSync(`/proc/${pid}/cwd`)).toEqual([]);
  },
);

test('stop lets the run in flight end, refuses new ones, and may be called twice', async () => {
  const pool = await startPool();
  await predict(pool, 0);
  const last = predict(pool, 1);
  const stops = [pool.stop({ withinMs: 60_000 }), pool.stop({ withinMs: 60_000 })];
  expect(stops[0]).toBe(stops[1]);
  await expect(predict(pool, 2)).rejects.toMatchObject({ reason: 'stopped' });
  await last;
  await Promise.all(stops);
  expect(pool.status()).toMatchObject([{ state: 'stopped' }]);
});

test('stop kills a run that does not end in time', async () => {
  const pool = await startPool();
  const file = modelFile(folder, endlessLoop());
  await pool.load(file);
  const endless = expect(
    pool.run(file, one('x', new Float32Array(1), 'FP32', [1]), options),
  ).rejects.toMatchObject({ name: 'WorkerUnavailable' });
  await pool.stop({ withinMs: 100 });
  await endless;
});

test('a pool that is stopped while it starts leaves nothing running', async () => {
  const pool = new WorkerPool({ providers: ['cpu'], intraOpNumThreads: 1, environment: {}, workers: 1 });
  const started = pool.start();
  await pool.stop({ withinMs: 0 });
  await started;
  expect(pool.status()).toMatchObject([{ state: 'stopped' }]);
});

test('a run that waited for a worker says how long, and one that did not says nothing', async () => {
  const ask = () => shared.run(modelFile(folder, affine()), one('x', row(1), 'FP32', [1, 30]), options);
  await ask();
  const askedAt = performance.now();
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(first.waitedMs).toBeUndefined();
  expect(second.waitedMs).toBeGreaterThan(0);
  expect(second.waitedMs).toBeLessThan(performance.now() - askedAt - second.computeMs);
});

test('idleCount follows what is taken', async () => {
  const pool = await startPool({ workers: 2 });
  await idle(pool, 2);
  const run = predict(pool, 1);
  expect(pool.idleCount()).toBe(1);
  await run;
  expect(pool.idleCount()).toBe(2);
});

onLinux('workers die with the server, even inside a run that never ends', async () => {
  const file = modelFile(folder, endlessLoop());
  const script = `
    const { WorkerPool } = require(${JSON.stringify(program(join(__dirname, '../../../../src/serving/worker/worker-pool')))});
    const pool = new WorkerPool({ providers: ['cpu'], intraOpNumThreads: 1, environment: {}, workers: 2 });
    const x = { name: 'x', datatype: 'FP32', shape: [1], data: new Float32Array(1) };
    pool.start().then(() => pool.load(${JSON.stringify(file)})).then(() => {
      void pool.run(${JSON.stringify(file)}, [x], { timeoutMs: 60000 });
      setImmediate(() => console.log(JSON.stringify(pool.status().map(({ pid }) => pid))));
    });`;
  const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let pids: readonly number[];
  let folders: readonly string[];
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    pids = JSON.parse(line.toString()) as number[];
    folders = pids.map((pid) => readlinkSync(`/proc/${pid}/cwd`));
  } finally {
    server.kill('SIGKILL');
  }
  await until(() => !pids.some(isAlive));
  expect(folders.filter(existsSync)).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
