import { BodyChunks } from '../../../../src/kernel/http/body-chunks';

const bodyOf = (...pieces: readonly string[]) => {
  const chunks = new BodyChunks();
  for (const piece of pieces) chunks.add(Buffer.from(piece));
  return chunks;
};

test('pieces become one body, in the order in which they came', () => {
  const chunks = bodyOf('{"a":', '1', '}');
  expect(chunks.sizeBytes).toBe(7);
  expect(chunks.join().toString()).toBe('{"a":1}');
});

test('a body lies in the memory that it is given, and one of a single piece where it came', () => {
  const memory = Buffer.alloc(16);
  const body = bodyOf('ab', 'cd').join((sizeBytes) => memory.subarray(8, 8 + sizeBytes));
  expect(body.toString()).toBe('abcd');
  expect(memory.toString('latin1', 8, 12)).toBe('abcd');

  const piece = Buffer.from('whole');
  expect(new BodyChunks().add(piece).join()).toBe(piece);
});

test('nothing is kept of a body that was put together', () => {
  const chunks = bodyOf('ab', 'cd');
  chunks.join();
  expect(chunks.sizeBytes).toBe(0);
  expect(chunks.join()).toHaveLength(0);
});
