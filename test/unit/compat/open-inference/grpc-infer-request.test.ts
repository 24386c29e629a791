import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { readInferRequest } from '../../../../src/compat/open-inference/grpc-infer-request';
import { parseInferRequest } from '../../../../src/compat/open-inference/grpc-question';
import {
  InferTensorContentsSchema,
  ModelInferRequestSchema,
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
