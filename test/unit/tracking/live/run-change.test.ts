import type { Run, RunId } from '../../../../src/tracking/run';
import { endOf, kindsOf, toldBetween, type ChangedRun } from '../../../../src/tracking/live/run-change';

const NEVER = { started: null, status: null, name: null, lifecycle: null, purged: null };
const changed = (runId: string, seqs: Partial<ChangedRun['seqs']>): ChangedRun => ({
  runId: runId as RunId,
  seqs: { ...NEVER, ...seqs },
});
const told = (...args: Parameters<typeof toldBetween>) =>
  toldBetween(...args).map(({ runId, columns }) => [runId, ...columns]);

test('of each run all that has happened between the places, in the order of the last', () => {
  const runs = [
    changed('a', { started: 2n, status: 5n }),
    changed('b', { started: 3n }),
    changed('c', { name: 1n }),
  ];
  expect(told(runs, endOf(1n), endOf(5n))).toEqual([
    ['b', 'started'],
    ['a', 'started', 'status'],
  ]);
});

test('a run that has changed again beyond the place is told of what was before it', () => {
  const runs = [changed('a', { started: 2n, status: 7n })];
  expect(told(runs, endOf(1n), endOf(5n))).toEqual([['a', 'started']]);
  expect(told(runs, endOf(5n), endOf(9n))).toEqual([['a', 'status']]);
});

test('who stops inside of an addition goes on with the whole of each other run', () => {
  const runs = [changed('a', { started: 4n }), changed('b', { started: 3n, status: 6n })];
  const [first] = toldBetween(runs, endOf(1n), endOf(6n));
  expect(first?.runId).toBe('a');
  expect(told(runs, first?.place ?? endOf(0n), endOf(6n))).toEqual([['b', 'started', 'status']]);
});

test('those of one number are told in the order of their ids, up to the place inside of it', () => {
  const runs = [changed('b', { lifecycle: 2n }), changed('a', { lifecycle: 2n })];
  const [first] = toldBetween(runs, endOf(1n), endOf(2n));
  expect(told(runs, endOf(1n), first?.place ?? endOf(0n))).toEqual([['a', 'lifecycle']]);
  expect(told(runs, first?.place ?? endOf(0n), endOf(2n))).toEqual([['b', 'lifecycle']]);
});

test.each([
  ['RUNNING', null, ['STARTED', 'RESUMED', 'RENAMED', 'RESTORED']],
  ['SCHEDULED', null, ['STARTED', 'SCHEDULED', 'RENAMED', 'RESTORED']],
  ['FAILED', new Date(), ['STARTED', 'FAILED', 'RENAMED', 'DELETED']],
] as const)('a run that is %s', (status, deletedAt, kinds) => {
  expect(kindsOf(['started', 'status', 'name', 'lifecycle'], { status, deletedAt } as Run)).toEqual(kinds);
});

test('a run that has gone', () => {
  expect(kindsOf(['started', 'status', 'name', 'purged'], null)).toEqual(['STARTED', 'PURGED']);
});
