import { chooseWorker, learnLatency } from '../../../../src/serving/fleet/choose-worker';

const worker = (name: string, inFlight: number, capacity = 1, latencyMs = 1) => ({
  ...{ name, inFlight, capacity, latencyMs },
});

test.each([
  ['has less to do', [worker('busy', 3), worker('idle', 0)], 'idle'],
  ['does more at a time', [worker('small', 1, 1), worker('large', 2, 4)], 'large'],
  ['answers sooner', [worker('slow', 0, 1, 10), worker('fast', 2, 1, 2)], 'fast'],
  ['comes first, of equals', [worker('first', 1), worker('second', 1)], 'first'],
  ['is not known yet', [worker('known', 0, 1, 5), worker('new', 0, 1, 0)], 'new'],
])('a run goes to the worker that %s', (_, workers, name) => {
  expect(chooseWorker(workers)?.name).toBe(name);
});

test('one that nobody knows yet is not given everything', () => {
  expect(chooseWorker([worker('known', 0, 1, 1), worker('new', 20, 1, 0)])?.name).toBe('known');
});

test('nobody takes a run where there is nobody', () => expect(chooseWorker([])).toBeUndefined());

test('the latency of a worker follows its last runs', () => {
  let meanMs = learnLatency(0, 10);
  expect(meanMs).toBe(10);
  for (let run = 0; run < 20; run++) meanMs = learnLatency(meanMs, 2);
  expect(meanMs).toBeCloseTo(2, 0);
});
