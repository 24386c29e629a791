import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../../../../src/kernel/program';
import { OnnxBackend } from '../../../../src/serving/backends/onnx';
import { WorkerPool, type PoolEvent } from '../../../../src/serving/worker/worker-pool';
import { affine, modelFile } from '../../../support/onnx-models';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
const workerOptions = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };
afterEach(() => jest.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

/** A promise that resolves once it is opened. */
function gate() {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
}

const withoutExecutable = () => jest.replaceProperty(process, 'execPath', join(folder, 'no-such-program'));

test('a pool whose program does not exist says so, and leaves no folder behind', async () => {
  withoutExecutable();
  // The second worker fails while the first, which failed before, is being tried again.
  const { mkdtemp } = promises;
  const [triedAgain, secondFailed] = [gate(), gate()];
  const making = jest
    .spyOn(promises, 'mkdtemp')
    .mockImplementationOnce(mkdtemp)
    .mockImplementationOnce(async (prefix) => {
      await triedAgain.passed;
      return mkdtemp(prefix);
    })
    .mockImplementationOnce(async (prefix) => {
      triedAgain.open();
      await secondFailed.passed;
      return mkdtemp(prefix);
    });
  const failed: number[] = [];
  const onEvent = (event: PoolEvent) => {
    if (event.type !== 'worker-failed-to-start') throw new Error(event.type);
    failed.push(event.worker);
    if (event.worker === 1) setImmediate(secondFailed.open);
  };
  const pool = new WorkerPool({ ...workerOptions, workers: 2, onEvent });
  const started = pool.start().finally(() => pool.stop({ withinMs: 0 }));
  await expect(started).rejects.toMatchObject({
    reason: 'unfit',
    message: expect.stringContaining('ENOENT'),
  });
  expect(failed).toEqual([0, 1]);
  const made = await Promise.all(making.mock.results.map(({ value }) => value as Promise<string>));
  expect(made).toHaveLength(3);
  expect(made.filter(existsSync)).toEqual([]);
});

test('a model cannot be tried without a program, and can once there is one', async () => {
  const backend = new OnnxBackend(new WorkerPool({ ...workerOptions, workers: 0 }), workerOptions);
  const file = modelFile(folder, affine());
  const missing = withoutExecutable();
  await expect(backend.inspect(file)).rejects.toMatchObject({
    reason: 'unfit',
    message: expect.stringContaining('ENOENT'),
  });
  missing.restore();
  expect(await backend.inspect(file)).toMatchObject({ ok: true });
  await backend.stop();
});

const onLinux = process.platform === 'linux' ? test : test.skip;

/** A server whose one worker is killed while it has no file descriptor left for another. */
const WITHOUT_DESCRIPTORS = `
  const { openSync, closeSync } = require('node:fs');
  const { WorkerPool } = require(${JSON.stringify(program(join(__dirname, '../../../../src/serving/worker/worker-pool')))});
  const taken = [];
  let failures = 0;
  const pool = new WorkerPool({
    providers: ['cpu'], intraOpNumThreads: 1, environment: {}, workers: 1,
    onEvent: ({ type, error }) => {
      console.log(type, error?.code ?? '');
      // The second failure shows that it was tried again by itself.
      if (type === 'worker-failed-to-start' && ++failures === 2) for (const fd of taken.splice(0)) closeSync(fd);
    },
  });
  pool.start().then(() => {
    pool.onIdle(() => {
      console.log('idle again');
      void pool.stop({ withinMs: 1000 });
    });
    console.log('up');
    try {
      for (;;) taken.push(openSync('/dev/null'));
    } catch (error) {
      console.log(error.code);
    }
    process.kill(pool.status()[0].pid, 'SIGKILL');
  });`;

onLinux(
  'a server without a free file descriptor goes on, and starts the worker when there is one',
  async () => {
    const command = `ulimit -n 200; exec "$0" -e "$1"`;
    const server = spawn('sh', ['-c', command, process.execPath, WITHOUT_DESCRIPTORS], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    server.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [code] = (await once(server, 'close')) as [number];
    expect(said.split('\n').map((line) => line.trim())).toEqual([
      'up',
      'EMFILE',
      'worker-died',
      'worker-failed-to-start EMFILE',
      'worker-failed-to-start EMFILE',
      'idle again',
      '',
    ]);
    expect(code).toBe(0);
  },
);
