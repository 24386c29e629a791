import { binaryBody, jsonBody } from '../../../../src/serving/backends/infer-body';
import type { RemoteQuestion } from '../../../../src/serving/backends/remote-inference';
import type { Sequence } from '../../../../src/serving/execution/sequence';

const question = (data: readonly (string | Uint8Array)[]): RemoteQuestion => ({
  model: { name: 'm', version: '' },
  inputs: [{ name: 'x', datatype: 'BYTES', shape: [data.length], data }],
  declared: [],
});

test('a server that takes JSON only is asked with texts, and with no other bytes', () => {
  const { pieces } = jsonBody(question(['größe']));
  expect(JSON.parse(Buffer.concat(pieces).toString())).toMatchObject({ inputs: [{ data: ['größe'] }] });
  expect(() => jsonBody(question(['a', Uint8Array.of(0xff)]))).toThrow(
    'Input “x” holds bytes that are not UTF-8 in element 1',
  );
});

test.each<[Sequence['id'], string]>([
  [7, '7'],
  [2n ** 63n - 1n, '9223372036854775807'],
  ['a"', '"a\\""'],
])('a sequence goes along with its question, every digit of it: %p', (id, text) => {
  const asked = { ...question(['a']), sequence: { id, start: false, end: true } };
  const parameters = `"sequence_id":${text},"sequence_start":false,"sequence_end":true`;
  const json = Buffer.concat(jsonBody(asked).pieces).toString();
  expect(json).toContain(`{"parameters":{${parameters}},"inputs":`);
  const [head] = binaryBody(asked).pieces;
  expect(Buffer.from(head ?? []).toString()).toContain(
    `{"parameters":{${parameters},"binary_data_output":true},"inputs":`,
  );
  const [some] = binaryBody({ ...asked, outputs: ['y'] }).pieces;
  expect(Buffer.from(some ?? []).toString()).toContain(`{"parameters":{${parameters}},"outputs":`);
});

test('a question of none says nothing of sequences', () => {
  expect(Buffer.concat(jsonBody(question([])).pieces).toString()).toMatch(/^\{"inputs"/);
  const [head] = binaryBody({ ...question([]), outputs: ['y'] }).pieces;
  expect(JSON.parse(Buffer.from(head ?? []).toString())).not.toHaveProperty('parameters');
});
