import {
  bytesToLoad,
  defaultBudgetBytes,
  evictionsFor,
  MAX_SESSIONS,
  noRoom,
  type Demand,
  type Resident,
} from '../../../../src/serving/worker/memory-budget';

const MEBIBYTE = 1024 ** 2;
const model = (sha256: string, bytes: number, leased = false): Resident => ({ sha256, bytes, leased });
/** A model that needs so many bytes where so many are free. */
const demand = (
  bytes: number,
  freeBytes: number,
  residents: readonly Resident[],
  { leased = false } = {},
): Demand => ({ bytes, leased, residents, budgetBytes: 1_000, usedBytes: 1_000 - freeBytes });

test('where there is room, nothing goes', () => {
  expect(evictionsFor(demand(10, 10, [model('a', 5)]))).toEqual([]);
});

test('those used longest ago go first, and no more than must', () => {
  const residents = [model('oldest', 5), model('older', 5), model('newest', 5)];
  expect(evictionsFor(demand(12, 3, residents))).toEqual(['oldest', 'older']);
});

test('one more model than a worker may hold costs one, however small', () => {
  const residents = Array.from({ length: MAX_SESSIONS }, (_, at) => model(`m${at}`, 1));
  expect(evictionsFor(demand(1, 100, residents))).toEqual(['m0']);
});

test('what endpoints run is never let go of for what they do not', () => {
  const residents = [model('leased', 50, true), model('other', 5)];
  expect(evictionsFor(demand(20, 10, residents))).toBeUndefined();
  expect(evictionsFor(demand(15, 10, residents))).toEqual(['other']);
});

test('for what endpoints run, the others go first, then what endpoints run too', () => {
  const residents = [model('leased', 50, true), model('other', 5)];
  const leased = { leased: true };
  expect(evictionsFor(demand(15, 10, residents, leased))).toEqual(['other']);
  expect(evictionsFor(demand(60, 10, residents, leased))).toEqual(['other', 'leased']);
  expect(evictionsFor(demand(100, 10, residents, leased))).toBeUndefined();
});

test('a worker that takes too much already lets go of models until it fits again', () => {
  expect(evictionsFor(demand(4, -3, [model('a', 5), model('b', 5)]))).toEqual(['a', 'b']);
});

test('a refusal tells the need, the budget and what is in the way', () => {
  const residents = [
    model('a', 100 * MEBIBYTE, true),
    model('b', 60 * MEBIBYTE, true),
    model('c', 9 * MEBIBYTE),
  ];
  const sizes = { residents, budgetBytes: 256 * MEBIBYTE, usedBytes: 249 * MEBIBYTE };
  expect(noRoom({ ...sizes, bytes: 150 * MEBIBYTE, leased: false })).toBe(
    'The model needs 150 MB while it is loaded. A worker may take 256 MB (ONNX_WORKER_MEMORY_MB) and hold 64 models; 240 MB belong to the runtime and 2 models that endpoints run.',
  );
  expect(noRoom({ ...sizes, bytes: 300 * MEBIBYTE, leased: true })).toContain('80 MB belong to the runtime.');
});

test('loading takes thrice the file, or more where that was seen', () => {
  expect(bytesToLoad(10, 0)).toBe(30);
  expect(bytesToLoad(10, 45)).toBe(45);
});

test('workers share three quarters of the machine; a small machine is tried with rather than refused', () => {
  expect(defaultBudgetBytes(16 * 1024 * MEBIBYTE, 4)).toBe(3 * 1024 * MEBIBYTE);
  expect(defaultBudgetBytes(512 * MEBIBYTE, 2)).toBe(512 * MEBIBYTE);
});
