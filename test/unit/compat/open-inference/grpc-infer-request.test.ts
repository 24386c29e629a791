import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { readInferRequest } from '../../../../src/compat/open-inference/grpc-infer-request';
import { parseInferRequest } from '../../../../src/compat/open-inference/grpc-question';
import {
  InferTensorContentsSchema,
  ModelInferRequestSchema,
  type ModelInferRequest,
} from '../../../../src/kernel/generated/grpc_service_pb';

type Request = MessageInitShape<typeof ModelInferRequestSchema>;
const encode = (request: Request) =>
  toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, request));

const parameterValue = fc.oneof(
  fc.boolean().map((value) => ({ case: 'boolParam' as const, value })),
  fc.maxSafeInteger().map((value) => ({ case: 'int64Param' as const, value: BigInt(value) })),
  fc.string({ unit: 'grapheme' }).map((value) => ({ case: 'stringParam' as const, value })),
  fc.double().map((value) => ({ case: 'doubleParam' as const, value })),
  fc.maxSafeNat().map((value) => ({ case: 'uint64Param' as const, value: BigInt(value) })),
);
const parameters = fc.dictionary(
  fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__'),
  parameterValue.map((parameterChoice) => ({ parameterChoice })),
  { maxKeys: 3 },
);
const text = fc.string({ unit: 'grapheme' });
const request = fc.record({
  modelName: text,
  modelVersion: text,
  id: text,
  parameters,
  inputs: fc.array(
    fc.record({
      name: text,
      datatype: text,
      shape: fc.array(fc.maxSafeInteger(), { maxLength: 5 }),
      parameters,
      fp32Contents: fc.array(fc.float(), { maxLength: 5 }),
    }),
    { maxLength: 4 },
  ),
  outputs: fc.array(fc.record({ name: text, parameters }), { maxLength: 4 }),
  rawInputContents: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
});

const plain = (given: Record<string, { parameterChoice: { value: unknown } }>) =>
  Object.fromEntries(
    Object.entries(given).map(([name, { parameterChoice }]) => {
      const { value } = parameterChoice;
      return [name, typeof value === 'bigint' ? Number(value) : value];
    }),
  );

test('whatever generated code writes is read again', () => {
  fc.assert(
    fc.property(request, ({ inputs, ...rest }) => {
      const message = encode({
        ...rest,
        inputs: inputs.map(({ fp32Contents, shape, ...input }) => ({
          ...input,
          shape: shape.map(BigInt),
          ...(fp32Contents.length > 0 && { contents: { fp32Contents } }),
        })),
      });
      const read = readInferRequest(message);
      expect(read).toMatchObject({
        modelName: rest.modelName,
        modelVersion: rest.modelVersion,
        id: rest.id,
        parameters: plain(rest.parameters),
        outputs: rest.outputs.map(({ name, parameters: given }) => ({ name, parameters: plain(given) })),
        inputs: inputs.map(({ name, datatype, shape, parameters: given }) => ({
          ...{ name, datatype, shape },
          parameters: plain(given),
        })),
      });
      expect(read.rawInputContents.map((bytes) => [...bytes])).toEqual(
        rest.rawInputContents.map((bytes) => [...bytes]),
      );
      expect(read.inputs.map(({ contents }) => [...contents])).toEqual(
        inputs.map(({ fp32Contents }) =>
          fp32Contents.length === 0
            ? []
            : [...toBinary(InferTensorContentsSchema, create(InferTensorContentsSchema, { fp32Contents }))],
        ),
      );
    }),
  );
});

test('fields that a newer protocol may add are passed over', () => {
  const newer = new BinaryWriter()
    .raw(encode({ modelName: 'fraud' }))
    .tag(99, WireType.LengthDelimited)
    .string('new')
    .tag(98, WireType.Varint)
    .uint32(7)
    .tag(97, WireType.Bit64)
    .double(1)
    .finish();
  expect(readInferRequest(newer).modelName).toBe('fraud');
});

test('raw contents are views into the message, not copies', () => {
  const message = encode({ rawInputContents: [new Uint8Array(1_000)] });
  expect(readInferRequest(message).rawInputContents[0]?.buffer).toBe(message.buffer);
});

test('contents that come in two parts are one message', () => {
  const part = (fp32Contents: number[]) =>
    encode({ inputs: [{ name: 'x', contents: { fp32Contents } }] }).subarray(2); // without tag and length
  const input = Buffer.concat([part([1]), part([2])]);
  const message = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(input).finish();
  const expected = [1, 2].flatMap((value) => [
    ...toBinary(InferTensorContentsSchema, create(InferTensorContentsSchema, { fp32Contents: [value] })),
  ]);
  expect([...(readInferRequest(message).inputs[0]?.contents ?? [])]).toEqual(expected);
});

test('contents in very many parts are refused before they are put together', () => {
  const part = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(new Uint8Array(512)).finish();
  const input = Buffer.concat(Array<Uint8Array>(100_000).fill(part)); // a minute, where each was put behind those before
  const message = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(input).finish();
  const read = parseInferRequest(message);
  expect(read.ok ? '' : read.error.message).toBe(
    'inputs[0].contents: expected at most 1000 of them, got more.',
  );
});

test.each<[string, Request, string]>([
  [
    'more inputs than any model has',
    { inputs: Array(1_001).fill({}) as object[] },
    'inputs: expected at most 1000',
  ],
  ['more outputs', { outputs: Array(1_001).fill({}) as object[] }, 'outputs: expected at most 1000'],
  [
    'more raw contents',
    { rawInputContents: Array(1_001).fill(new Uint8Array()) as Uint8Array[] },
    'raw_input_contents: expected at most 1000',
  ],
  [
    'a tensor of many axes',
    { inputs: [{}, { shape: Array(33).fill(1n) as bigint[] }] },
    'inputs[1].shape: expected at most 32 axes',
  ],
])('%s are refused before anybody works through them', (_what, given, sentence) => {
  const read = parseInferRequest(encode(given));
  expect(read.ok ? '' : read.error.message).toContain(sentence);
});

test('other bytes are refused with a sentence, whatever they are', () => {
  const whole = encode({ modelName: 'fraud', inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 2n] }] });
  const cut = parseInferRequest(whole.subarray(0, whole.length - 3));
  expect(cut).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining('expected an encoded inference.ModelInferRequest') },
  });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const read = parseInferRequest(bytes); // it must not throw
      return read.ok || read.error.issues.length === 1;
    }),
  );
});

const field = (number: number, bytes: Uint8Array) =>
  new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
const varint = (number: number, value: bigint) =>
  new BinaryWriter().tag(number, WireType.Varint).int64(value).finish();
/** Fields of any of these, in any order, each as often as it comes. */
const anyOf = (...parts: fc.Arbitrary<Uint8Array>[]) =>
  fc.array(fc.oneof(...parts), { maxLength: 6 }).map((fields) => Buffer.concat(fields));
const textField = (number: number) =>
  fc.string({ maxLength: 3 }).map((value) => field(number, Buffer.from(value)));

/** What nobody knows, in every encoding there is. */
const unknown = fc.oneof(
  fc.nat(300).map((value) => varint(77, BigInt(value))),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => field(78, bytes)),
  fc.double().map((value) => new BinaryWriter().tag(79, WireType.Bit64).double(value).finish()),
  fc.float().map((value) => new BinaryWriter().tag(80, WireType.Bit32).float(value).finish()),
  fc.nat(300).map((value) => {
    const [group, inner] = [new BinaryWriter(), field(1, Buffer.from('not a name'))];
    group
      .tag(81, WireType.StartGroup)
      .tag(82, WireType.StartGroup)
      .raw(varint(1, BigInt(value)))
      .raw(inner);
    return group.tag(82, WireType.EndGroup).tag(81, WireType.EndGroup).finish();
  }),
);
const choice = anyOf(
  fc.boolean().map((value) => varint(1, BigInt(value))),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => varint(2, value)),
  textField(3),
  fc.double({ noNaN: true }).map((value) => new BinaryWriter().tag(4, WireType.Bit64).double(value).finish()),
  unknown,
);
const entry = anyOf(
  textField(1),
  choice.map((bytes) => field(2, bytes)),
  unknown,
);
const entryField = entry.map((bytes) => field(4, bytes));
const size = fc.bigInt({ min: 0n, max: 2n ** 40n });
const tensor = anyOf(
  textField(1),
  textField(2),
  size.map((value) => varint(3, value)),
  fc
    .array(size, { maxLength: 3 })
    .map((sizes) => field(3, sizes.reduce((list, one) => list.int64(one), new BinaryWriter()).finish())),
  entryField,
  unknown,
);
const wire = anyOf(
  textField(1),
  textField(2),
  textField(3),
  entryField,
  tensor.map((bytes) => field(5, bytes)),
  tensor.map((bytes) => field(7, bytes)),
  unknown,
);

test('however a message is encoded, it says what generated code reads in it', () => {
  fc.assert(
    fc.property(wire, (message) => {
      const { inputs, rawInputContents, ...expected } = fromBinary(ModelInferRequestSchema, message);
      const read = readInferRequest(message);
      expect(read).toMatchObject({
        modelName: expected.modelName,
        modelVersion: expected.modelVersion,
        id: expected.id,
        inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(Number) })),
      });
      expect(read.rawInputContents.map((bytes) => [...bytes])).toEqual(
        rawInputContents.map((one) => [...one]),
      );
      const given = [expected.parameters, ...inputs.map(({ parameters: one }) => one)];
      expect([read.parameters, ...read.inputs.map(({ parameters: one }) => one)]).toEqual(given.map(chosen));
    }),
    { numRuns: 500 },
  );
});

/** Those that have a value. */
const chosen = (given: ModelInferRequest['parameters']) =>
  Object.fromEntries(
    Object.entries(given).flatMap(
      ([
        name,
        {
          parameterChoice: { value },
        },
      ]) => {
        if (value === undefined) return [];
        return [[name, typeof value !== 'bigint' || isBeyond(value) ? value : Number(value)]];
      },
    ),
  );
const isBeyond = (value: bigint) => !Number.isSafeInteger(Number(value));

test.each<[string, Uint8Array]>([
  ['a name', field(1, Uint8Array.of(0xff))],
  ['an id', field(3, Uint8Array.of(0x61, 0xc3))],
  ['the name of an input', field(5, field(1, Uint8Array.of(0xff)))],
  [
    'the name of a parameter',
    field(4, Buffer.concat([field(1, Uint8Array.of(0xff)), field(2, varint(1, 1n))])),
  ],
  ['a parameter', field(4, field(2, field(3, Uint8Array.of(0xed, 0xa0, 0x80))))],
])('%s that is not UTF-8 is refused, rather than changed', (_what, message) => {
  expect(parseInferRequest(message)).toMatchObject({ ok: false });
});

describe('very many fields', () => {
  const one = varint(15, 0n);
  const many = Buffer.concat(Array<Uint8Array>(200_000).fill(one));
  test.each<[string, Uint8Array]>([
    ['that nobody knows', many],
    ['in a group', Buffer.concat([Uint8Array.of(0x7b), many, Uint8Array.of(0x7c)])],
    ['in an input', field(5, many)],
    [
      'in several inputs together',
      Buffer.concat(Array<Uint8Array>(4).fill(field(5, many.subarray(0, 100_000)))),
    ],
    ['in an output', field(6, many)],
    ['in an entry of parameters', field(4, many)],
    ['in a parameter', field(4, field(2, many))],
  ])('%s are refused, since reading them would hold up everybody', (_what, message) => {
    const read = parseInferRequest(message);
    expect(read.ok ? '' : read.error.message).toBe('message: expected at most 100000 fields, got more.');
  });
});
