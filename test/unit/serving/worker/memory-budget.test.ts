import {
  bytesToLoad,
  defaultBudgetBytes,
  evictionsFor,
  harmBy,
  hasRoom,
  MAX_SESSIONS,
  noRoom,
  type Demand,
  type Resident,
} from '../../../../src/serving/worker/memory-budget';

const MEBIBYTE = 1024 ** 2;
const model = (sha256: string, bytes: number, changes: Partial<Resident> = {}): Resident => ({
  ...{ sha256, bytes, use: 'none', isCopied: false, isFresh: true },
  ...changes,
});
/** A model that needs so many bytes where so many are free. */
const demand = (
  bytes: number,
  freeBytes: number,
  residents: readonly Resident[],
  changes: Partial<Demand> = {},
): Demand => ({
  ...{ sha256: 'asked for', bytes, use: 'none', elsewhere: 'nowhere', isAsked: false, residents },
  ...{ budgetBytes: 1_000, usedBytes: 1_000 - freeBytes },
  ...changes,
});
const going = (...args: Parameters<typeof demand>) => {
  const evicted = evictionsFor(demand(...args));
  expect(hasRoom(demand(...args))).toBe(evicted !== undefined);
  return evicted?.map(({ sha256 }) => sha256);
};

test('where there is room, nothing goes', () => {
  expect(going(10, 10, [model('a', 5)])).toEqual([]);
});

test('those used longest ago go first, and no more than must', () => {
  const residents = [model('oldest', 5), model('older', 5), model('newest', 5)];
  expect(going(12, 3, residents)).toEqual(['oldest', 'older']);
});

test('one more model than a worker may hold costs one, however small', () => {
  const residents = Array.from({ length: MAX_SESSIONS }, (_, at) => model(`m${at}`, 1));
  expect(going(1, 100, residents)).toEqual(['m0']);
});

test('what endpoints run is never let go of for what they do not', () => {
  const residents = [model('run', 50, { use: 'running' }), model('other', 5)];
  expect(going(20, 10, residents)).toBeUndefined();
  expect(going(15, 10, residents)).toEqual(['other']);
});

test('for what endpoints run, the others go first, then what endpoints run too', () => {
  const residents = [model('run', 50, { use: 'running' }), model('other', 5)];
  expect(going(15, 10, residents, { use: 'running' })).toEqual(['other']);
  expect(going(60, 10, residents, { use: 'running' })).toEqual(['other', 'run']);
  expect(going(100, 10, residents, { use: 'running' })).toBeUndefined();
});

describe('of what endpoints run', () => {
  const ALL = [
    model('running', 5, { use: 'running' }),
    model('draining', 5, { use: 'draining' }),
    model('running, copied', 5, { use: 'running', isCopied: true }),
    model('draining, copied', 5, { use: 'draining', isCopied: true }),
    model('other', 5),
  ];
  const allFor = (changes: Partial<Demand>, residents = ALL) => {
    const free = residents.length * 5;
    return [...residents.keys(), residents.length]
      .map((count) => going(free - count * 5, 0, residents, { use: 'running', ...changes }))
      .find((evicted) => evicted !== undefined);
  };

  test('those go first that another worker holds, too, and of those the ones that had their time', () => {
    expect(allFor({})).toEqual(['other', 'draining, copied', 'running, copied', 'draining', 'running']);
  });

  test('the last copy stays where another worker is about to have what is asked for', () => {
    expect(allFor({ elsewhere: 'coming' })).toEqual(['other', 'draining, copied', 'running, copied']);
  });

  test('where another worker has it already, only those go that had their time, but for their last copy', () => {
    expect(allFor({ elsewhere: 'held' })).toEqual(['other', 'draining, copied']);
  });

  test('what is asked for takes the place of what nobody asks', () => {
    const stale = ALL.map((one) => ({ ...one, isFresh: one.sha256 !== 'running' }));
    expect(allFor({ elsewhere: 'held' }, stale)).toEqual(['other', 'draining, copied']);
    expect(allFor({ elsewhere: 'held', isAsked: true }, stale)).toEqual([
      'other',
      'draining, copied',
      'running',
    ]);
    expect(allFor({ elsewhere: 'held', isAsked: true, use: 'none' }, stale)).toEqual(['other']);
  });

  test('the harm done is that of the worst that goes', () => {
    const harm = (bytes: number) => harmBy(demand(bytes, 0, ALL, { use: 'running' }));
    expect([0, 5, 10, 15, 20, 25, 30].map(harm)).toEqual([0, 1.5, 2.5, 3.5, 4.5, 5.5, Infinity]);
    const stale = ALL.map((one) => ({ ...one, isFresh: false }));
    expect(harmBy(demand(25, 0, stale, { use: 'running' }))).toBe(5);
  });
});

test('a worker that takes too much already lets go of models until it fits again', () => {
  expect(going(4, -3, [model('a', 5), model('b', 5)])).toEqual(['a', 'b']);
});

test('a refusal tells the need, the budget and what is in the way', () => {
  const residents = [
    model('a', 100 * MEBIBYTE, { use: 'running' }),
    model('b', 60 * MEBIBYTE, { use: 'draining' }),
    model('c', 9 * MEBIBYTE),
  ];
  const full = (megabytes: number, use: Demand['use']) =>
    noRoom({
      ...demand(megabytes * MEBIBYTE, 0, residents, { use }),
      ...{ budgetBytes: 256 * MEBIBYTE, usedBytes: 249 * MEBIBYTE },
    });
  expect(full(150, 'none')).toBe(
    'The model needs 150 MB while it is loaded. A worker may take 256 MB (ONNX_WORKER_MEMORY_MB) and hold 64 models; 240 MB belong to the runtime and 2 models that endpoints run.',
  );
  expect(full(300, 'running')).toContain('80 MB belong to the runtime.');
});

test('loading takes thrice the file, or more where that was seen', () => {
  expect(bytesToLoad(10, 0)).toBe(30);
  expect(bytesToLoad(10, 45)).toBe(45);
});

test('workers share three quarters of the machine; a small machine is tried with rather than refused', () => {
  expect(defaultBudgetBytes(16 * 1024 * MEBIBYTE, 4)).toBe(3 * 1024 * MEBIBYTE);
  expect(defaultBudgetBytes(512 * MEBIBYTE, 2)).toBe(512 * MEBIBYTE);
});
