import { hasRoom } from '../../../../src/serving/worker/memory-budget';
import { LATELY_MS, ModelMemory, ModelSizes } from '../../../../src/serving/worker/model-memory';

let sizes: ModelSizes;
let memory: ModelMemory;
let nowMs = 0;
beforeEach(() => {
  sizes = new ModelSizes();
  memory = new ModelMemory(sizes, () => nowMs);
  memory.begin(100);
});
const all = () => memory.residents({ use: () => 'none', isCopied: () => false, isAsked: () => false });
const residents = () => all().map(({ sha256, bytes }) => [sha256, bytes]);

test('a model takes what the process grew by when it was loaded, and grows by in its runs', () => {
  memory.added('a', 10, 130);
  memory.added('b', 10, 145);
  memory.grew('a', 165);
  expect(residents()).toEqual([
    ['a', 50],
    ['b', 15],
  ]);
  expect(memory.usedBytes).toBe(165);
  expect([sizes.of('a'), sizes.of('b'), sizes.of('never loaded')]).toEqual([50, 15, 0]);
});

test('a model takes no less than its file, though it may have taken what another one has left behind', () => {
  memory.added('a', 40, 150);
  memory.removed('a');
  memory.told(140);
  memory.added('b', 40, 142);
  expect(residents()).toEqual([['b', 40]]);
});

test('what is used goes to the end of the line; a new process has nothing', () => {
  memory.added('a', 10, 110);
  memory.added('b', 10, 120);
  memory.used('a');
  expect(memory.names).toEqual(['b', 'a']);
  memory.begin(100);
  expect([memory.names, memory.has('a'), memory.usedBytes]).toEqual([[], false, 100]);
});

test('a model is fresh for ten minutes after it was loaded, and after each time it was asked', () => {
  const fresh = () => all().map(({ sha256, isFresh }) => [sha256, isFresh]);
  memory.added('a', 10, 110);
  memory.added('b', 10, 120);
  expect([memory.isAsked('a'), memory.isAsked('never loaded')]).toEqual([false, false]);
  nowMs += LATELY_MS - 1;
  memory.used('a');
  expect(fresh()).toEqual([
    ['b', true],
    ['a', true],
  ]);
  nowMs += 1;
  expect(fresh()).toEqual([
    ['b', false],
    ['a', true],
  ]);
  expect(memory.isAsked('a')).toBe(true);
  nowMs += LATELY_MS - 1;
  expect([fresh(), memory.isAsked('a')]).toEqual([
    [
      ['b', false],
      ['a', false],
    ],
    false,
  ]);
});

test('what the process takes beside its models may be garbage', () => {
  memory.added('a', 10, 130);
  memory.told(190);
  expect([memory.usedBytes, memory.usedAtLeastBytes]).toEqual([190, 130]);
  memory.told(120);
  expect(memory.usedAtLeastBytes).toBe(120);
});

test('whether what no endpoint runs has room is told without a look at other workers, since each batch asks', () => {
  memory.added('a', 10, 110);
  memory.added('b', 10, 120);
  const look = (): never => {
    throw new Error('It looks at the others.');
  };
  const use = (sha256: string) => (sha256 === 'a' ? 'running' : 'none');
  const residents = memory.residents({ use, isCopied: look, isAsked: look });
  const asks = (bytes: number) =>
    hasRoom({
      ...{ sha256: 'c', bytes, use: 'none', elsewhere: 'held', isAsked: true, residents },
      ...{ budgetBytes: 125, usedBytes: 120 },
    });
  expect([5, 15, 16].map(asks)).toEqual([true, true, false]);
});
