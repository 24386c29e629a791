import fc from 'fast-check';
import {
  ARRAY_OF,
  DATATYPES,
  elementCount,
  type Datatype,
  type Tensor,
  type TensorData,
} from '../../../../src/kernel/tensors/tensor';
import { FrameMemory } from '../../../../src/serving/worker/frame-memory';
import {
  decodeFrame,
  encodeFrame,
  FrameReader,
  MAX_FRAME_BYTES,
  type Message,
} from '../../../../src/serving/worker/framing';

const run = { type: 'run', sha256: 'a'.repeat(64) } as const;

/** What the other side reads when the frame arrives in pieces of the given sizes. */
function transport(frame: Uint8Array, pieceSizes: readonly number[]): Message[] {
  const received: Message[] = [];
  const reader = new FrameReader((message) => received.push(message));
  let at = 0;
  for (let piece = 0; at < frame.byteLength; piece++) {
    const size = pieceSizes[piece % pieceSizes.length] ?? 1;
    reader.push(frame.subarray(at, at + size));
    at += size;
  }
  return received;
}

function values(datatype: Datatype, count: number): TensorData {
  if (datatype === 'BYTES')
    return Array.from({ length: count }, (_, at) => ['', 'a\0b', '😀 ß', 'plain'][at % 4] ?? '');
  const data = new ARRAY_OF[datatype](count);
  for (let at = 0; at < count; at++) data[at] = datatype.endsWith('T64') ? BigInt(at) * 5n : at % 2;
  return data;
}

const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    name: fc.string({ maxLength: 20, unit: 'binary' }),
    datatype: fc.constantFrom(...DATATYPES),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
  })
  .map(({ name, datatype, shape }) => ({
    name,
    datatype,
    shape,
    data: values(datatype, elementCount(shape)),
  }));

test('tensors of every datatype arrive as they were sent, however the pipe cuts them', () => {
  fc.assert(
    fc.property(
      fc.array(tensor, { maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 5 }),
      (tensors, pieceSizes) => {
        const frame = Buffer.concat(encodeFrame(7, run, tensors));
        const received = transport(Buffer.concat([frame, frame]), pieceSizes);
        expect(received.map(({ id, body, tensors }) => ({ id, body, tensors }))).toEqual([
          { id: 7, body: run, tensors },
          { id: 7, body: run, tensors },
        ]);
      },
    ),
  );
});

test.each([...DATATYPES])('a scalar, a row and nothing at all of %s keep their shapes', (datatype) => {
  const tensors = [[], [1, 3], [0, 5]].map((shape) => ({
    name: 'x',
    datatype,
    shape,
    data: values(datatype, elementCount(shape)),
  }));
  const [message] = transport(Buffer.concat(encodeFrame(1, run, tensors)), [1_000]);
  expect(message?.tensors).toEqual(tensors);
});

test('numbers lie on multiples of 16 bytes, whatever the length of the header', () => {
  for (let length = 1; length < 40; length++) {
    const x = {
      name: 'x'.repeat(length),
      datatype: 'FP32',
      shape: [3],
      data: Float32Array.of(1, 2, 3),
    } as const;
    const [message] = transport(Buffer.concat(encodeFrame(1, run, [x, x])), [1_000]);
    for (const { data } of message?.tensors ?? []) expect((data as Float32Array).byteOffset % 16).toBe(0);
  }
});

test('a small frame is written at once; the numbers of a large one are not copied', () => {
  const numbers = (length: number): Tensor => ({
    name: 'x',
    datatype: 'FP32',
    shape: [length],
    data: new Float32Array(length),
  });
  expect(encodeFrame(1, run, [numbers(30), numbers(7)])).toHaveLength(1);
  const large = numbers(10_000);
  const [, values] = encodeFrame(1, run, [large]);
  expect(values?.buffer).toBe((large.data as Float32Array).buffer);
});

/** As a pipe's end does it: into the frame where it offers room, else through a small place from which it is sorted. */
function readInPlace(reader: FrameReader, bytes: Uint8Array, pieceSize: number): void {
  for (let at = 0; at < bytes.byteLength;) {
    const room = reader.room();
    const piece = bytes.subarray(at, at + Math.min(pieceSize, room?.byteLength ?? pieceSize));
    if (room) {
      room.set(piece);
      reader.arrived(piece.byteLength);
    } else reader.push(piece);
    at += piece.byteLength;
  }
}

const large = (fill: number): Tensor => ({
  name: 'x',
  datatype: 'FP32',
  shape: [50_000],
  data: new Float32Array(50_000).fill(fill),
});

test('large frames that are read into their place arrive as small ones do, with small ones between them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 300_000 }), (pieceSize) => {
      const asked = [large(1), { ...large(2), shape: [3], data: Float32Array.of(1, 2, 3) }, large(3)];
      const received: (readonly Tensor[])[] = [];
      const reader = new FrameReader(({ tensors }) => received.push(tensors));
      readInPlace(reader, Buffer.concat(asked.flatMap((one) => encodeFrame(1, run, [one]))), pieceSize);
      expect(received).toEqual(asked.map((one) => [one]));
    }),
    { numRuns: 10 },
  );
});

test('a frame that was given back is the memory of the next one; one that is still in use is nobody else’s', () => {
  const memory = new FrameMemory();
  const received: Message[] = [];
  const reader = new FrameReader((message) => received.push(message), memory);
  const send = (fill: number) => {
    reader.push(Buffer.concat(encodeFrame(1, run, [large(fill)])));
    return received.at(-1)?.tensors[0]?.data as Float32Array;
  };
  const [first, second] = [send(1), send(2)];
  expect(second.buffer).not.toBe(first.buffer);
  expect(first.every((value) => value === 1)).toBe(true);
  if (received[0]?.frame) memory.giveBack(received[0].frame);
  const third = send(3);
  expect(third.buffer).toBe(first.buffer);
  expect([...third.slice(0, 2), ...second.slice(0, 2)]).toEqual([3, 3, 2, 2]);
  expect(send(4).buffer).not.toBe(third.buffer);
});

test('bytes that cannot be a frame are refused before memory is taken for them', () => {
  const reader = new FrameReader(() => undefined);
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(MAX_FRAME_BYTES + 16);
  expect(() => reader.push(prefix)).toThrow(RangeError);
});

test('a tensor whose bytes are not what its shape says is refused', () => {
  const x = { name: 'x', datatype: 'FP32', shape: [4], data: Float32Array.of(1, 2, 3) } as const;
  const frame = Buffer.concat(encodeFrame(1, run, [x]));
  expect(() => decodeFrame(frame)).toThrow('12 bytes cannot be 4 elements of FP32');
});
