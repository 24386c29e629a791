import { RowEncoder } from '../../../../src/serving/values/row-encoder';

const encoder = new RowEncoder({
  columns: [{ name: 'a', datatype: 'FP32', nullable: false, input: 'x', index: 0 }],
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }],
  outputs: [],
  batchable: true,
  labels: null,
});

test('of a row with very many columns that the model does not take, some are told', () => {
  const unknown = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`b${at}`, 1]));
  const encoded = encoder.encode([{ a: 1, ...unknown }, unknown]);
  const issues = encoded.ok ? [] : encoded.error.issues;
  expect(issues.length).toBe(20);
  expect(issues[0]).toMatchObject({ path: 'rows[0].b0', expected: 'one of the columns a' });
});
