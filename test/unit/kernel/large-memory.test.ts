import { LargeMemory } from '../../../src/kernel/large-memory';

const PICTURE_BYTES = 600_000;

/** Each with bytes of its own, so that one who looked into another's would see it. */
const taken = (memory: LargeMemory, count: number, sizeBytes = PICTURE_BYTES) =>
  Array.from({ length: count }, (_, at) => memory.take(sizeBytes).fill(at + 1));

test('what is taken has its size, begins where any view may, and is nobody else’s', () => {
  const memory = new LargeMemory();
  const [one, two] = [memory.take(PICTURE_BYTES), memory.take(PICTURE_BYTES)];
  expect(one).toHaveLength(PICTURE_BYTES);
  expect(one.byteOffset % 16).toBe(0);
  expect(two.buffer).not.toBe(one.buffer);
});

test('what is given back is had again, and whoever still looks finds nothing there', () => {
  const memory = new LargeMemory();
  const [first] = taken(memory, 1) as [Buffer];
  const view = new Float32Array(first.buffer, 16, 4);
  memory.giveBack(first.subarray(100, 200));
  const again = memory.take(PICTURE_BYTES - 1_000);
  expect(again[0]).toBe(1); // as it was left: nobody has paid for zeros
  again.fill(2);
  expect(first).toHaveLength(0);
  expect(view).toHaveLength(0);
});

test('giving back twice, or what is not from here, changes nothing', () => {
  const memory = new LargeMemory();
  const [mine] = taken(memory, 1) as [Buffer];
  memory.giveBack(mine);
  memory.giveBack(mine);
  const [one, two] = [memory.take(PICTURE_BYTES), memory.take(PICTURE_BYTES)];
  expect(one.buffer).not.toBe(two.buffer);

  const foreign = Buffer.alloc(PICTURE_BYTES, 7);
  memory.giveBack(foreign);
  expect(foreign).toHaveLength(PICTURE_BYTES);
  const small = memory.take(100);
  memory.giveBack(small);
  expect(small).toHaveLength(100);
});

test('a small body does not sit in the memory of a large one', () => {
  const memory = new LargeMemory();
  const large = memory.take(4_000_000);
  memory.giveBack(large);
  expect(memory.take(PICTURE_BYTES).buffer.byteLength).toBeLessThan(700_000);
});

test('no more is kept than has a place, and after a quiet while nothing', () => {
  jest.useFakeTimers();
  try {
    const memory = new LargeMemory();
    for (const bytes of taken(memory, 100)) memory.giveBack(bytes);
    expect(memory.keptBytes).toBeGreaterThan(30_000_000);
    expect(memory.keptBytes).toBeLessThanOrEqual(32 * 1024 * 1024);
    jest.advanceTimersByTime(9_000);
    memory.giveBack(memory.take(PICTURE_BYTES));
    jest.advanceTimersByTime(9_000);
    expect(memory.keptBytes).toBeGreaterThan(0); // it was of use meanwhile
    jest.advanceTimersByTime(1_000);
    expect(memory.keptBytes).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});
