import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import { ageOf, AnswerMemory, ownCopies } from '../../../../src/serving/cache/cache-memory';

const answer = (value: number, count = 1): Tensor[] => [
  { name: 'y', datatype: 'FP32', shape: [count], data: new Float32Array(count).fill(value) },
];
const KIBIBYTE = 1024;
/** Roughly: an answer of 100 kB and what it costs to keep it. */
const large = (value: number) => answer(value, 25 * KIBIBYTE);
const TTL_MS = 1_000;
const MEBIBYTE = 1024 ** 2;

test('an answer is there until its time is over', () => {
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  memory.put('a', answer(1), 0, 0);
  expect(memory.get('a', 999)).toMatchObject({ outputs: answer(1), storedAtMs: 0 });
  expect(memory.get('a', 1_000)).toBeUndefined();
  expect(memory).toMatchObject({ size: 0, sizeBytes: 0 });
});

test('its time begins where it was computed, not where it has arrived', () => {
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  memory.put('a', answer(1), 0, 900);
  expect(memory.get('a', 999)).toBeDefined();
  expect(memory.get('a', 1_000)).toBeUndefined();
});

test('memory is bounded, and the longest unused goes first', () => {
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  for (let index = 0; index < 10; index += 1) memory.put(String(index), large(index), 0, 0);
  memory.get('0', 1);
  memory.put('10', large(10), 1, 1);
  expect(memory.sizeBytes).toBeLessThanOrEqual(MEBIBYTE);
  expect(memory.get('1', 1)).toBeUndefined();
  expect(memory.get('0', 1)).toBeDefined();
  expect(memory.get('10', 1)).toBeDefined();
});

test('an answer larger than the memory is not kept, and pushes nothing out', () => {
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  memory.put('small', answer(1), 0, 0);
  memory.put('huge', answer(2, MEBIBYTE), 0, 0);
  expect(memory.get('huge', 0)).toBeUndefined();
  expect(memory.get('small', 0)).toBeDefined();
});

test('texts are counted too', () => {
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  memory.put('a', [{ name: 'y', datatype: 'BYTES', shape: [2], data: ['x'.repeat(1_000), 'é'] }], 0, 0);
  expect(memory.sizeBytes).toBeGreaterThan(2_000);
});

test('an answer that comes again takes the place of the first', () => {
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  memory.put('a', answer(1), 0, 0);
  const { sizeBytes } = memory;
  memory.put('a', answer(2), 500, 500);
  expect(memory).toMatchObject({ size: 1, sizeBytes });
  expect(memory.get('a', 1_400)).toMatchObject({ outputs: answer(2) });
});

test('what is too old is dropped as new answers come, and by a pass where none come', () => {
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  for (let index = 0; index < 10; index += 1) memory.put(String(index), answer(index), 0, 0);
  memory.put('new', answer(1), 1_000, 1_000);
  expect(memory.size).toBe(9);
  memory.forgetExpired(1_000, 5);
  expect(memory.size).toBe(4);
  memory.forgetExpired(1_000, 100);
  expect(memory.size).toBe(1);
  expect(memory.get('new', 1_000)).toBeDefined();
});

test('less memory or time holds for what is there already', () => {
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  for (let index = 0; index < 10; index += 1) memory.put(String(index), large(index), 0, 0);
  memory.configure(MEBIBYTE / 2, 100);
  expect(memory.sizeBytes).toBeLessThanOrEqual(MEBIBYTE / 2);
  expect(memory.get('9', 99)).toBeDefined();
  expect(memory.get('9', 100)).toBeUndefined();
});

test('the age of the oldest is known', () => {
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  expect(memory.oldestAgeMs(0)).toBeNull();
  memory.put('a', answer(1), 0, 0);
  memory.put('b', answer(1), 500, 500);
  expect(memory.oldestAgeMs(700)).toBe(700);
});

test('clocks of machines may differ a little, and no answer is believed that comes from far ahead', () => {
  expect(ageOf(100, 50, TTL_MS)).toBe(0);
  expect(ageOf(100_000, 50, TTL_MS)).toBeNull();
});

test('a copy is free of the memory of the batch', () => {
  const batch = Float32Array.of(1, 2, 3, 4);
  const raw = Buffer.from([1, 2, 3, 4]);
  const copies = ownCopies([
    { name: 'y', datatype: 'FP32', shape: [2], data: batch.subarray(1, 3) },
    { name: 'z', datatype: 'UINT8', shape: [2], data: raw.subarray(0, 2) },
    { name: 't', datatype: 'BYTES', shape: [1], data: ['a'] },
  ]);
  batch.fill(0);
  raw.fill(0);
  expect(copies.map(({ data }) => Array.from(data as Iterable<unknown>))).toEqual([[2, 3], [1, 2], ['a']]);
  expect((copies[0]?.data as Float32Array).buffer.byteLength).toBe(8);
});

test('elements that are no text are kept in one buffer, and each is counted with what its view takes', () => {
  const message = Buffer.from([0xff, 0x01, 0xfe, 0x02, 0xfd]);
  const elements = [message.subarray(0, 2), 'a', message.subarray(2, 4)];
  const copies = ownCopies([{ name: 't', datatype: 'BYTES', shape: [3], data: elements }]);
  message.fill(0);
  const [first, text, last] = copies[0]?.data as [Uint8Array, string, Uint8Array];
  expect([Array.from(first), text, Array.from(last)]).toEqual([[0xff, 0x01], 'a', [0xfe, 0x02]]);
  expect(first.buffer).toBe(last.buffer);
  expect(first.buffer.byteLength).toBe(4);

  const count = 1_000;
  const memory = new AnswerMemory(MEBIBYTE, TTL_MS);
  memory.put('a', [{ name: 't', datatype: 'BYTES', shape: [count], data: Array(count).fill(first) }], 0, 0);
  expect(memory.sizeBytes).toBeGreaterThan(count * 100);
});
