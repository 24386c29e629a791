import fc from 'fast-check';
import { jsonValues } from '../../../../src/serving/values/json-values';
import { InputCheck } from '../../../../src/kernel/input-check';
import { ARRAY_OF, DATATYPES, type Datatype, type TensorData } from '../../../../src/kernel/tensors/tensor';
import { tensorBytes } from '../../../../src/kernel/tensors/tensor-bytes';
import { tensorFromJson } from '../../../../src/serving/values/tensor-json';

const anyData = (datatype: Datatype): fc.Arbitrary<TensorData> => {
  if (datatype === 'BYTES') return fc.array(fc.string({ unit: 'binary' }));
  if (datatype === 'BOOL') return fc.uint8Array({ max: 1 });
  return fc.uint8Array({ maxLength: 64 }).map((bytes) => {
    const ArrayClass = ARRAY_OF[datatype];
    return new ArrayClass(bytes.slice().buffer, 0, Math.floor(bytes.length / ArrayClass.BYTES_PER_ELEMENT));
  });
};

/** What a client reads and sends back. */
function readAgain(datatype: Datatype, text: string): TensorData | undefined {
  const data = JSON.parse(text) as unknown[];
  const spec = { name: 'x', datatype, shape: [-1] };
  const tensor = tensorFromJson({ ...spec, shape: [data.length], data }, spec, 'x', new InputCheck());
  return tensor?.data;
}

test.each([...DATATYPES])('any %s is valid JSON, and the same values again', (datatype) => {
  fc.assert(
    fc.property(anyData(datatype), (data) => {
      const again = readAgain(datatype, jsonValues({ name: 'y', datatype, shape: [data.length], data }));
      // Of NaNs only the usual one survives being a word.
      const plain = (values: TensorData) =>
        ['FP16', 'BF16'].includes(datatype)
          ? jsonValues({ name: 'y', datatype, shape: [], data: values })
          : [...values];
      expect(again && plain(again)).toEqual(plain(data));
    }),
  );
});

test('numbers are numbers wherever JSON has them', () => {
  const data = Float32Array.of(-0, 0.1, 1e30, NaN, Infinity, -Infinity);
  expect(jsonValues({ name: 'y', datatype: 'FP32', shape: [6], data })).toBe(
    '[-0.0,0.10000000149011612,1.0000000150474662e+30,"NaN","Infinity","-Infinity"]',
  );
  const halves = Uint16Array.of(0x3c00, 0x8000, 0x7c00, 0x7e00);
  expect(jsonValues({ name: 'y', datatype: 'FP16', shape: [4], data: halves })).toBe(
    '[1,-0.0,"Infinity","NaN"]',
  );
});

test('the bytes of values are little-endian, and texts have their length before them', () => {
  expect(Buffer.from(tensorBytes(Int16Array.of(1, -2))).toString('hex')).toBe('0100feff');
  expect(Buffer.from(tensorBytes(['ü', ''])).toString('hex')).toBe('02000000c3bc00000000');
  const part = new Float64Array([1, 2, 3]).subarray(1, 2);
  expect(Buffer.from(tensorBytes(part)).toString('hex')).toBe('0000000000000040');
});
