import { jsonBody } from '../../../../src/serving/backends/infer-body';
import type { RemoteQuestion } from '../../../../src/serving/backends/remote-inference';

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
