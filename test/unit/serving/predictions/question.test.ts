import { RowEncoder } from '../../../../src/serving/values/row-encoder';
import { questionFor } from '../../../../src/serving/predictions/question';
import type { ServedModel } from '../../../../src/serving/predictions/served-model';

const outputs = ['y', 'z'].map((name) => ({ name, datatype: 'FP32' as const, shape: [-1, 1] }));
const signature = { columns: [], inputs: [], outputs, batchable: true, labels: null };
const model = { version: { signature }, file: {}, rows: new RowEncoder(signature) } as unknown as ServedModel;

const refusalOf = (wanted: readonly string[]) => {
  const question = questionFor(model, { inputs: [], outputs: wanted });
  return question.ok ? null : question.error.message;
};

test('an output that comes again is told, wherever it is', () => {
  expect(refusalOf(['y', 'z'])).toBeNull();
  expect(refusalOf(['y', 'y'])).toBe('outputs[1]: expected each output once, got y.');
  expect(refusalOf(['y', 'z', 'z', 'y'])).toBe('outputs[2]: expected each output once, got z.');
});

test('a list of very many outputs is refused at once', () => {
  const many = Array.from({ length: 500_000 }, (_, at) => `o${at}`); // minutes, where each is looked for among all
  expect(refusalOf(many)).toBe('outputs: expected some of y, z, got o0.');
});
