import { ARRAY_OF, DATATYPES, type Tensor } from '../../../../src/kernel/tensors/tensor';
import { decodeTensors, encodeTensors } from '../../../../src/serving/cache/cache-codec';

const TENSORS: readonly Tensor[] = DATATYPES.map((datatype) =>
  datatype === 'BYTES'
    ? { name: datatype, datatype, shape: [3], data: ['', 'naïve 🐧', 'x'] }
    : { name: datatype, datatype, shape: [1, 3], data: new ARRAY_OF[datatype](3) },
);

test('tensors of every type come back as they were, with what was said of them', () => {
  const tensors: Tensor[] = [
    ...TENSORS,
    { name: 'scalar', datatype: 'FP64', shape: [], data: Float64Array.of(NaN) },
    { name: 'empty', datatype: 'INT64', shape: [0, 4], data: new BigInt64Array(0) },
    { name: 'big', datatype: 'INT64', shape: [1], data: BigInt64Array.of(2n ** 62n + 1n) },
  ];
  expect(decodeTensors('key', encodeTensors('key', 1_700_000_000_000, tensors))).toEqual({
    about: 1_700_000_000_000,
    tensors,
  });
});

test('elements that are no text come back alone, without the bytes of the texts between them', () => {
  const data = [Uint8Array.of(0xff), 'x'.repeat(1_000), Uint8Array.of(0xfe, 1)];
  const tensors: Tensor[] = [{ name: 't', datatype: 'BYTES', shape: [3], data }];
  const decoded = decodeTensors('key', encodeTensors('key', 1, tensors));
  expect(decoded?.tensors).toEqual(tensors);
  const [first] = decoded?.tensors[0]?.data as [Uint8Array];
  expect(first.buffer.byteLength).toBe(3);
});

test('under another key, cut short or with any byte changed, they are nothing', () => {
  const bytes = encodeTensors('key', 1, TENSORS.slice(-2));
  expect(decodeTensors('other', bytes)).toBeNull();
  for (let at = 0; at < bytes.byteLength; at += 1) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    expect(decodeTensors('key', damaged)).toBeNull();
    expect(decodeTensors('key', bytes.subarray(0, at))).toBeNull();
  }
});

test('what somebody else has written is nothing', () => {
  for (const text of ['', 'null', '{"value":1}', 'x'.repeat(1_000)])
    expect(decodeTensors('key', Buffer.from(text))).toBeNull();
});

test('an answer that says of itself what cannot be is nothing', () => {
  const liar: Tensor = { name: 'y', datatype: 'FP32', shape: [1_000_000], data: Float32Array.of(1) };
  expect(decodeTensors('key', encodeTensors('key', 1, [liar]))).toBeNull();
});
