import { callOf } from '../../../../src/compat/tf-serving/request-path';

const spec = { version: null, label: null };

test.each<[string, string, object]>([
  ['POST', '/v1/models/fraud:predict', { kind: 'predict', spec: { ...spec, model: 'fraud' } }],
  ['POST', '/v1/models/fraud/versions/3:predict', { spec: { ...spec, model: 'fraud', version: '3' } }],
  [
    'POST',
    '/v1/models/fraud/versions/1.2.0:predict',
    { spec: { ...spec, model: 'fraud', version: '1.2.0' } },
  ],
  ['POST', '/v1/models/fraud/labels/staging:regress', { kind: 'regress', spec: { label: 'staging' } }],
  ['POST', '/v1/models/fraud:Classify', { kind: 'classify' }],
  ['POST', '/v1/models/fraud@1.0.0:predict', { spec: { model: 'fraud@1.0.0' } }],
  ['POST', '/v1/models/gr%C3%B6%C3%9Fe%20x:predict', { spec: { model: 'größe x' } }],
  ['GET', '/v1/models/fraud', { kind: 'status', spec: { ...spec, model: 'fraud' } }],
  ['GET', '/v1/models/fraud/labels/a%20b', { kind: 'status', spec: { label: 'a b' } }],
  ['GET', '/v1/models/fraud/versions/2/metadata', { kind: 'metadata', spec: { version: '2' } }],
  ['GET', '/v1/models/metadata', { kind: 'status', spec: { model: 'metadata' } }],
])('%s %s is understood', (method, path, call) => expect(callOf(method, path)).toMatchObject(call));

test.each([
  ['GET', '/v1/models/fraud:predict'],
  ['POST', '/v1/models/fraud'],
  ['POST', '/v1/models/fraud/metadata'],
  ['POST', '/v1/models/fraud:explain'],
  ['POST', '/v1/models/fraud/version/3:predict'],
  ['POST', '/v1/models/fraud/versions/HELLO:predict'],
  ['POST', '/v1/models/fraud/versions/1.2:predict'],
  ['POST', '/v1/models/fraud/versions/3/labels/x:predict'],
  ['GET', '/v1/models'],
  ['GET', '/v1/models/'],
  ['GET', '/v1/models/fraud/config'],
  ['PUT', '/v1/models/fraud'],
])('%s %s is malformed, and the answer says what there is', (method, path) => {
  expect(callOf(method, path)).toEqual({
    kind: 'malformed',
    message: expect.stringMatching(/^Malformed request: .* There are POST .*:predict/),
  });
});

test('a name that is no UTF-8 is refused', () => {
  expect(callOf('GET', '/v1/models/%FF')).toMatchObject({ kind: 'malformed' });
});
