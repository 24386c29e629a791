import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { InputCheck } from '../../../../src/kernel/input-check';
import { InferTensorContentsSchema } from '../../../../src/kernel/generated/grpc_service_pb';
import { base64Of, elementOfBase64 } from '../../../../src/kernel/tensors/binary-text';
import { bytesElement, isSameElement } from '../../../../src/kernel/tensors/bytes-element';
import { FieldBudget } from '../../../../src/kernel/tensors/grpc-fields';
import { readContents } from '../../../../src/kernel/tensors/grpc-tensor-contents';
import type { BytesElement, Tensor } from '../../../../src/kernel/tensors/tensor';
import { tensorBytes } from '../../../../src/kernel/tensors/tensor-bytes';
import { gatherRows, scatterRows } from '../../../../src/serving/values/rows';
import { decodeTensors, encodeTensors } from '../../../../src/serving/cache/cache-codec';
import { questionKey } from '../../../../src/serving/cache/cache-key';
import { ownCopies } from '../../../../src/serving/cache/cache-memory';
import { tensorFromJson } from '../../../../src/serving/values/tensor-json';
import { bytesOf, valuesOf } from '../../../../src/serving/worker/tensor-bytes';

/** Texts, other bytes, and what looks like either; some of them large. */
const sent = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ minLength: 1_020, maxLength: 1_030 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(
      Buffer.from('\ufffd'),
      Buffer.from('\ufeffa'),
      Buffer.of(0xed, 0xa0, 0x80),
      Buffer.alloc(2_000),
    ),
  ),
);
const elements = (all: readonly Buffer[]): BytesElement[] => all.map((bytes) => bytesElement(bytes));
const hex = (data: Iterable<unknown>): string[] =>
  [...data].map((element) => Buffer.from(element as Uint8Array).toString('hex'));
const tensor = (data: readonly BytesElement[]): Tensor => ({
  name: 'x',
  datatype: 'BYTES',
  shape: [data.length],
  data,
});

test.each<[string, (data: readonly BytesElement[]) => Iterable<unknown>]>([
  [
    'binary form',
    (data) => {
      const input = { ...tensor([]), shape: [data.length], data: undefined, bytes: tensorBytes(data) };
      const spec = { name: 'x', datatype: 'BYTES' as const, shape: [-1] };
      return (tensorFromJson(input, spec, 'x', new InputCheck(), true)?.data ?? []) as BytesElement[];
    },
  ],
  [
    'form of gRPC’s typed contents',
    (data) => {
      const bytesContents = data.map((element) => Buffer.from(element as Uint8Array));
      const message = toBinary(
        InferTensorContentsSchema,
        create(InferTensorContentsSchema, { bytesContents }),
      );
      const read = readContents(message, 'BYTES', data.length, new FieldBudget());
      return read.ok && 'data' in read ? read.data : [];
    },
  ],
  ['base64', (data) => data.map((element) => elementOfBase64(base64Of(element).b64))],
  [
    'form in which tensors reach a worker',
    (data) => valuesOf('BYTES', [data.length], bytesOf(tensor(data))) as BytesElement[],
  ],
  [
    'form in which tensors are kept',
    (data) =>
      (decodeTensors('k', encodeTensors('k', null, [tensor(data)]))?.tensors[0]?.data ??
        []) as BytesElement[],
  ],
  [
    'shared batch',
    (data) => {
      const gathered = gatherRows([[tensor(data)], [tensor(['other'])], [tensor(data)]]);
      const [, , last] = scatterRows(gathered, [data.length, 1, data.length]);
      return (last?.[0]?.data ?? []) as BytesElement[];
    },
  ],
])('every element comes back from its %s', (_form, roundTrip) => {
  fc.assert(
    fc.property(sent, (all) => {
      const data = elements(all);
      const back = [...roundTrip(data)];
      expect(hex(back)).toEqual(all.map((bytes) => bytes.toString('hex')));
      expect(back.every((element, at) => isSameElement(element, data[at]))).toBe(true);
    }),
  );
});

test('an element is a text where its bytes are UTF-8, and the bytes elsewhere', () => {
  const all = [
    Buffer.from('größe \ufffd'),
    Buffer.of(0xff),
    Buffer.alloc(2_000, 'ä'),
    Buffer.alloc(2_000, 0xfe),
  ];
  expect(elements(all).map((element) => typeof element)).toEqual(['string', 'object', 'string', 'object']);
});

test('questions have one key where all of their elements are equal, and other keys elsewhere', () => {
  const keyOf = (...all: Buffer[]) => questionKey('v', [tensor(elements(all))], undefined);
  expect(keyOf(Buffer.of(0xff), Buffer.of(1))).toBe(keyOf(Buffer.of(0xff), Buffer.of(1)));
  const others = [keyOf(Buffer.of(0xff)), keyOf(Buffer.of(0xfe)), keyOf(Buffer.from('\ufffd'))];
  expect(new Set(others).size).toBe(3);
});

test('what is kept of an answer is no view into the message that it came in', () => {
  const message = Buffer.of(0xff, 0xfe);
  const [kept] = ownCopies([tensor([bytesElement(message)])]);
  message.fill(0);
  expect(hex(kept?.data as BytesElement[])).toEqual(['fffe']);
});
