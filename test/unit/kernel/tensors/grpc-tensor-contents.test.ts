import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { FieldBudget } from '../../../../src/kernel/tensors/grpc-fields';
import {
  readContents as readWithin,
  type Contents,
  type TypedDatatype,
} from '../../../../src/kernel/tensors/grpc-tensor-contents';
import { InferTensorContentsSchema } from '../../../../src/kernel/generated/grpc_service_pb';
import { ARRAY_OF } from '../../../../src/kernel/tensors/tensor';

const readContents = (contents: Uint8Array, datatype: TypedDatatype, count: number, most = 1_000) =>
  readWithin(
    contents,
    datatype,
    count,
    new FieldBudget(most, { path: 'inputs', expected: `at most ${most}` }),
  );

type Fields = MessageInitShape<typeof InferTensorContentsSchema>;
const encode = (fields: Fields) =>
  toBinary(InferTensorContentsSchema, create(InferTensorContentsSchema, fields));

/** The values that a tensor of these contents has. */
function valuesIn(contents: Contents, datatype: Exclude<TypedDatatype, 'BYTES'>): (number | bigint)[] {
  if (!contents.ok || !('bytes' in contents)) throw new Error(JSON.stringify(contents));
  const bytes = Uint8Array.from(contents.bytes);
  return [
    ...(new ARRAY_OF[datatype](
      bytes.buffer,
      0,
      bytes.length / ARRAY_OF[datatype].BYTES_PER_ELEMENT,
    ) as Float64Array),
  ];
}

const integers = (min: number, max: number) => fc.array(fc.integer({ min, max }));
const wide = (min: bigint, max: bigint) => fc.array(fc.bigInt({ min, max }));

test.each<[Exclude<TypedDatatype, 'BYTES'>, string, fc.Arbitrary<(number | bigint)[]>]>([
  ['BOOL', 'boolContents', integers(0, 1)],
  ['INT8', 'intContents', integers(-128, 127)],
  ['INT16', 'intContents', integers(-32_768, 32_767)],
  ['INT32', 'intContents', integers(-(2 ** 31), 2 ** 31 - 1)],
  ['INT64', 'int64Contents', wide(-(2n ** 63n), 2n ** 63n - 1n)],
  ['UINT8', 'uintContents', integers(0, 255)],
  ['UINT16', 'uintContents', integers(0, 65_535)],
  ['UINT32', 'uintContents', integers(0, 2 ** 32 - 1)],
  ['UINT64', 'uint64Contents', wide(0n, 2n ** 64n - 1n)],
  ['FP32', 'fp32Contents', fc.array(fc.float())],
  ['FP64', 'fp64Contents', fc.array(fc.double())],
])('%s comes out as it went into %s, packed or not', (datatype, field, values) => {
  fc.assert(
    fc.property(values, (given) => {
      const wire = datatype === 'BOOL' ? given.map(Boolean) : given;
      const packed = encode({ [field]: wire });
      const oneByOne = Buffer.concat(wire.map((value) => unpacked(encode({ [field]: [value] }))));
      expect(valuesIn(readContents(packed, datatype, given.length), datatype)).toEqual(given);
      expect(valuesIn(readContents(oneByOne, datatype, given.length), datatype)).toEqual(given);
    }),
  );
});

/** A packed list of one value as the value alone. */
function unpacked(list: Uint8Array): Uint8Array {
  const [tag = 0] = list;
  const field = tag >> 3;
  const wireType = field === 6 ? WireType.Bit32 : field === 7 ? WireType.Bit64 : WireType.Varint;
  return new BinaryWriter().tag(field, wireType).raw(list.subarray(2)).finish();
}

const fp32s = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const lists = (...parts: Uint8Array[]) =>
  Buffer.concat(
    parts.map((part) => new BinaryWriter().tag(6, WireType.LengthDelimited).bytes(part).finish()),
  );

test.each([
  [[fp32s(7), fp32s(1, 2)], 2, 'more'],
  [[fp32s(1, 2), fp32s(7)], 2, 'more'],
  [[fp32s(7), fp32s(1, 2)], 4, '3'],
])('lists that together are not as long as the shape says are refused (%#)', (parts, count, actual) => {
  expect(readContents(lists(...parts), 'FP32', count)).toMatchObject({ ok: false, actual });
});

test('a list that ends within a number is refused, though the next one would make up for it', () => {
  const bytes = fp32s(1, 2);
  const read = readContents(lists(bytes.subarray(0, 3), bytes.subarray(3)), 'FP32', 2);
  expect(read).toMatchObject({ ok: false, expected: 'encoded InferTensorContents' });
});

test('what is encoded as no value of its field could be is passed over, like what nobody knows', () => {
  const strange = new BinaryWriter()
    .tag(2, WireType.Bit32)
    .fixed32(0x01020304)
    .tag(6, WireType.Varint)
    .uint32(2 ** 28)
    .tag(8, WireType.Varint)
    .uint32(1)
    .finish();
  const whole = Buffer.concat([strange, encode({ intContents: [5] })]);
  expect(valuesIn(readContents(whole, 'INT32', 1), 'INT32')).toEqual([5]);
  expect(readContents(strange, 'FP32', 1)).toMatchObject({ ok: false, actual: '0' });
});

test('of texts, and of numbers out of lists, only so many are read', () => {
  const refusal = { ok: false, expected: 'at most 10', actual: 'more' };
  const bytesContents = Array.from({ length: 11 }, () => new Uint8Array());
  expect(readContents(encode({ bytesContents }), 'BYTES', 11, 10)).toMatchObject(refusal);
  const ones = Buffer.concat(Array<Uint8Array>(11).fill(unpacked(encode({ int64Contents: [1n] }))));
  expect(readContents(ones, 'INT64', 11, 10)).toMatchObject(refusal);
  const int64Contents = Array.from({ length: 11 }, () => 1n);
  expect(readContents(encode({ int64Contents }), 'INT64', 11, 10)).toMatchObject({ ok: true });
});

test('texts come out as they went in', () => {
  const texts = ['größe 🐧', '', 'a\0b'];
  const contents = encode({ bytesContents: texts.map((text) => Buffer.from(text)) });
  expect(readContents(contents, 'BYTES', 3)).toEqual({ ok: true, data: texts });
});

test('floats are not copied where they come in one piece', () => {
  const contents = encode({ fp32Contents: [1, 2, 3] });
  const read = readContents(contents, 'FP32', 3);
  expect('bytes' in read && read.bytes.buffer).toBe(contents.buffer);
});

test('empty lists beside the right one are as good as none', () => {
  const contents = new BinaryWriter()
    .tag(2, WireType.LengthDelimited)
    .bytes(new Uint8Array())
    .raw(encode({ fp32Contents: [1.5] }))
    .finish();
  expect(valuesIn(readContents(contents, 'FP32', 1), 'FP32')).toEqual([1.5]);
});

test.each<[string, TypedDatatype, Fields, number, object]>([
  [
    'another field than the datatype has',
    'FP32',
    { intContents: [1, 2] },
    2,
    { expected: 'fp32_contents for FP32', actual: 'int_contents' },
  ],
  [
    'numbers for text',
    'BYTES',
    { int64Contents: [1n] },
    1,
    { expected: 'bytes_contents for BYTES', actual: 'int64_contents' },
  ],
  ['too few', 'FP64', { fp64Contents: [1] }, 2, { actual: '1' }],
  ['too many', 'INT64', { int64Contents: [1n, 2n] }, 1, { actual: 'more' }],
  ['too many texts', 'BYTES', { bytesContents: [Buffer.from('a'), Buffer.from('b')] }, 1, { actual: 'more' }],
  [
    'too few texts',
    'BYTES',
    {},
    1,
    { expected: '1 values in bytes_contents, as the shape says', actual: '0' },
  ],
  [
    'none at all',
    'FP32',
    {},
    4,
    { expected: '4 values in fp32_contents, as the shape says', actual: 'fewer' },
  ],
  ['an INT8 beyond its range', 'INT8', { intContents: [128] }, 1, { expected: 'values that fit into INT8' }],
  [
    'a UINT16 beyond its range',
    'UINT16',
    { uintContents: [65_536] },
    1,
    { expected: 'values that fit into UINT16' },
  ],
])('%s: refused, and told what was expected', (_what, datatype, fields, count, refusal) => {
  expect(readContents(encode(fields), datatype, count)).toMatchObject({ ok: false, ...refusal });
});

test('a shape that promises more than the message can hold makes nobody reserve memory', () => {
  const before = process.memoryUsage().arrayBuffers;
  expect(readContents(encode({ fp64Contents: [1] }), 'FP64', 2 ** 31)).toMatchObject({ ok: false });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});

test('any other bytes are refused, never thrown about', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom<TypedDatatype>('INT64', 'BOOL', 'FP32', 'BYTES'),
      fc.nat(10),
      (bytes, datatype, count) => typeof readContents(bytes, datatype, count).ok === 'boolean',
    ),
  );
  const endless = new BinaryWriter()
    .tag(3, WireType.LengthDelimited)
    .bytes(new Uint8Array(11).fill(0x80))
    .finish();
  expect(readContents(endless, 'INT64', 1)).toMatchObject({
    ok: false,
    expected: 'encoded InferTensorContents',
  });
});
