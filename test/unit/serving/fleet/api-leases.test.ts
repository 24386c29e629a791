import { ApiLeases, SILENT_AFTER_MS } from '../../../../src/serving/fleet/api-leases';
import type { ApiProcessId } from '../../../../src/serving/fleet/worker-calls';

const [FIRST, SECOND] = ['first', 'second'] as unknown as [ApiProcessId, ApiProcessId];
let nowMs: number;
let leases: ApiLeases;
beforeEach(() => {
  nowMs = 0;
  leases = new ApiLeases(() => nowMs);
});

const say = (api: ApiProcessId, models: readonly (readonly [string, number])[], isLeaving = false) =>
  leases.attended({ api, leases: models.map(([sha256, rows]) => ({ sha256, rows })) }, isLeaving);

test('a worker is to hold what any api process has placed there, warmed up for the largest batch of all', () => {
  say(FIRST, [
    ['a', 8],
    ['b', 1],
  ]);
  say(SECOND, [['a', 64]]);
  expect(leases.models()).toEqual([
    { sha256: 'a', rows: 64 },
    { sha256: 'b', rows: 1 },
  ]);
});

test('what an api process says replaces what it said before', () => {
  say(FIRST, [['a', 1]]);
  say(FIRST, [['b', 1]]);
  expect(leases.models()).toEqual([{ sha256: 'b', rows: 1 }]);
});

test('one that was silent for long has no more say', () => {
  say(FIRST, [['a', 1]]);
  say(SECOND, [['b', 1]]);
  expect(leases.count).toBe(2);
  nowMs += SILENT_AFTER_MS + 1;
  say(SECOND, [['b', 1]]);
  expect(leases.models()).toEqual([{ sha256: 'b', rows: 1 }]);
  expect(leases.count).toBe(1);
});

test('a worker may leave once everybody knows who was heard of lately', () => {
  expect(leases.everybodyKnows(1_000)).toBe(true);
  say(FIRST, []);
  say(SECOND, []);
  say(FIRST, [], true);
  expect(leases.everybodyKnows(1_000)).toBe(false);
  say(SECOND, [], true);
  expect(leases.everybodyKnows(1_000)).toBe(true);
  say(SECOND, []);
  nowMs += 1_001; // it was killed
  expect(leases.everybodyKnows(1_000)).toBe(true);
});

test('of a model as many instances are allowed as any api process wants, and all where none says', () => {
  const limits = (...some: (readonly [string, number])[]) =>
    some.map(([sha256, instances]) => ({ sha256, instances }));
  leases.attended({ api: FIRST, leases: [], limits: limits(['a', 1], ['b', 2]) }, false);
  leases.attended({ api: SECOND, leases: [], limits: limits(['a', 2]) }, false);
  expect([...leases.limits()]).toEqual([
    ['a', 2],
    ['b', 2],
  ]);
  leases.attended({ api: FIRST, leases: [] }, false);
  expect([...leases.limits()]).toEqual([['a', 2]]);
});
