import type { Datatype, Tensor } from '../../../../src/kernel/tensors/tensor';
import { decodeRows } from '../../../../src/serving/values/row-decoder';
import { newData } from '../../../../src/serving/values/tensor-json';
import { parserOf } from '../../../../src/serving/values/value-parser';

const SIGNATURE = { columns: [], inputs: [], outputs: [], batchable: true, labels: ['cat', 'dog', 'emu'] };
/** What a classifier says of one row each. */
function scores(datatype: Datatype, ...rows: (number | string)[][]): Tensor {
  const data = newData(datatype, 3 * rows.length);
  rows.flat().forEach((value, at) => (data[at] = parserOf(datatype)(value) ?? ''));
  return { name: 'scores', datatype, shape: [rows.length, 3], data: data as unknown as Tensor['data'] };
}
const labelsOf = (output: Tensor) =>
  decodeRows(SIGNATURE, [output], output.shape[0] ?? 0)?.map(({ label }) => label);

test.each<Datatype>(['FP16', 'BF16', 'FP32', 'FP64'])(
  'the likeliest class has the highest of %s scores',
  (datatype) => {
    const rows = [
      [0.25, 0.5, 0.25],
      [-2, -1, -4],
      [-1, 0.5, '-0'],
      ['NaN', -3, 1],
      [1, 1, 0],
      ['-Infinity', 'NaN', -5],
      ['NaN', 'NaN', 'NaN'],
    ];
    expect(labelsOf(scores(datatype, ...rows))).toEqual(['dog', 'dog', 'dog', 'emu', 'cat', 'emu', 'cat']);
  },
);

test('every class is told with its score', () => {
  const [row] = decodeRows(SIGNATURE, [scores('FP16', [-2, 0.5, 'NaN'])], 1) ?? [];
  expect(row).toEqual({ label: 'dog', probabilities: { cat: -2, dog: 0.5, emu: 'NaN' } });
});

test('an output or a class called __proto__ is answered like any other', () => {
  const named = { ...SIGNATURE, labels: ['cat', '__proto__', 'emu'] };
  const output: Tensor = { name: '__proto__', datatype: 'INT64', shape: [1], data: new BigInt64Array([2n]) };
  const answer = JSON.stringify(decodeRows(named, [scores('FP32', [0.25, 0.5, 0.25]), output], 1));
  expect(answer).toBe('[{"probabilities":{"cat":0.25,"__proto__":0.5,"emu":0.25},"__proto__":"emu"}]');
});
