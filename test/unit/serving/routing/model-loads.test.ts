import { createLogger } from '../../../../src/kernel/logger';
import type { Backend } from '../../../../src/serving/execution/backend';
import { LOAD_AGAIN_AFTER_MS } from '../../../../src/serving/execution/load-again';
import { LOAD_WAIT_MS, ModelLoads } from '../../../../src/serving/routing/model-loads';
import type { ServedModel } from '../../../../src/serving/predictions/served-model';
import { WorkerUnavailable } from '../../../../src/serving/execution/worker-unavailable';

interface Load {
  readonly sha256: string;
  readonly rows: number | undefined;
  finish(error?: Error): void;
}

let loads: Load[];
let held: Set<string>;
let refusal: string | null;
let changes: number;
let nowMs: number;
let models: ModelLoads;
const logger = createLogger('silent');

beforeEach(() => {
  [loads, held, refusal, changes, nowMs] = [[], new Set(), null, 0, 0];
  const backend = {
    load: ({ sha256 }: { sha256: string }, rows?: number) =>
      new Promise<void>((resolve, reject) => {
        const finish = (error?: Error) => {
          if (error) return reject(error);
          held.add(sha256);
          resolve();
        };
        loads.push({ sha256, rows, finish });
      }),
    holds: (sha256: string) => held.has(sha256),
    whyNot: () => refusal,
  } as unknown as Backend;
  models = new ModelLoads({ backend, logger, changed: () => changes++, nowMs: () => nowMs });
});
afterEach(() => {
  models.stop();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const wanted = (name: string, isInUse = false) => ({
  model: { version: { ref: name }, file: { sha256: name, path: '' } } as unknown as ServedModel,
  rows: 16,
  isInUse,
});
const unloadable = () => new WorkerUnavailable('load-failed', 'It is not a model.');

test('a version that is wanted is loaded once, warmed up for its batches, and then ready', async () => {
  models.want([wanted('a')]);
  models.want([wanted('a')]);
  expect(loads).toMatchObject([{ sha256: 'a', rows: 16 }]);
  expect(models.isReady('a')).toBe(false);
  expect(models.waitOf('a')?.reason).toBe('It is being loaded.');
  const settled = models.settled(['a', 'never wanted']);
  loads[0]?.finish();
  await settled;
  expect([models.isReady('a'), models.waitOf('a'), changes]).toEqual([true, null, 1]);
});

test('one that is still held is ready at once when it is wanted again: a rollback loads nothing', async () => {
  models.want([wanted('a')]);
  loads[0]?.finish();
  await models.settled(['a']);
  models.want([wanted('b')]);
  models.want([wanted('a')]);
  expect(models.isReady('a')).toBe(true);
  expect(loads.map(({ sha256 }) => sha256)).toEqual(['a', 'b']);
});

test('one that was pushed out of memory meanwhile is loaded again, unless traffic reaches it anyway', async () => {
  models.want([wanted('a')]);
  loads[0]?.finish();
  await models.settled(['a']);
  held.clear();
  expect(models.isReady('a')).toBe(false);
  models.want([wanted('a', true)]);
  expect(loads).toHaveLength(1);
  models.want([wanted('a')]);
  expect(loads).toHaveLength(2);
});

test('one that cannot be loaded says why, and is tried again after a while', async () => {
  const error = jest.spyOn(logger, 'error');
  models.want([wanted('a')]);
  loads[0]?.finish(unloadable());
  await models.settled(['a']);
  expect([models.isReady('a'), models.waitOf('a')?.reason, changes]).toEqual([
    false,
    'It is not a model.',
    1,
  ]);
  nowMs += LOAD_AGAIN_AFTER_MS - 1;
  models.want([wanted('a')]);
  expect(loads).toHaveLength(1);
  nowMs += 1;
  models.want([wanted('a')]);
  loads[1]?.finish();
  await models.settled(['a']);
  expect(models.isReady('a')).toBe(true);
  expect(error).toHaveBeenCalledTimes(1);
});

test('one that is held back says for how long still', async () => {
  models.want([wanted('a')]);
  loads[0]?.finish(new WorkerUnavailable('quarantined', 'It may be tried in 60 s.'));
  await models.settled(['a']);
  refusal = 'It may be tried in 50 s.';
  expect(models.waitOf('a')?.reason).toBe(refusal);
});

test('what is not its fault is tried again at the next look', async () => {
  models.want([wanted('a')]);
  loads[0]?.finish(new WorkerUnavailable('crashed', 'The worker ended (SIGKILL).'));
  await models.settled(['a']);
  models.want([wanted('a')]);
  expect(loads).toHaveLength(2);
});

test('one that nobody wants any more and nobody holds is forgotten', async () => {
  models.want([wanted('a')]);
  loads[0]?.finish(unloadable());
  await models.settled(['a']);
  models.want([]);
  models.want([wanted('a')]);
  expect(loads).toHaveLength(2);
});

test('nobody waits longer than the limit; the load goes on, and its end is told', async () => {
  jest.useFakeTimers();
  models.want([wanted('a')]);
  expect(models.isOnItsWay('a')).toBe(true);
  const settled = models.settled(['a']);
  jest.advanceTimersByTime(LOAD_WAIT_MS);
  await settled;
  expect([models.isOnItsWay('a'), models.isReady('a'), changes]).toEqual([false, false, 1]);
  loads[0]?.finish();
  jest.useRealTimers();
  await new Promise(setImmediate);
  expect([models.isReady('a'), changes]).toEqual([true, 2]);
});

test('after stop nobody waits, and nothing is told', async () => {
  models.want([wanted('a')]);
  const settled = models.settled(['a']);
  models.stop();
  await settled;
  loads[0]?.finish(new WorkerUnavailable('stopped', 'The server is stopping.'));
  await new Promise(setImmediate);
  expect(changes).toBe(0);
});

test('what is wanted after the stop is not loaded, and leaves no timer', () => {
  jest.useFakeTimers();
  models.stop();
  models.want([wanted('a')]);
  expect([loads, jest.getTimerCount()]).toEqual([[], 0]);
});
