import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRemotePlace } from '../../../../src/kernel/remote-place';
import { parseRemoteDocument, readRemoteDocument } from '../../../../src/serving/execution/remote-document';
import {
  readCredentials,
  RemotePolicy,
  type Credentials,
} from '../../../../src/serving/backends/remote-policy';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TRITON = { backend: 'open-inference', url: 'grpc://triton:8001', model: 'fraud' };
const read = (fields: object) =>
  parseRemoteDocument(JSON.stringify({ modelgraph: 'remote-model/1', ...fields }));
function documentOf(fields: object) {
  const result = read(fields);
  if (!result?.ok) throw new Error(result?.message);
  return result.document;
}

test('a document says where a model is', () => {
  expect(documentOf({ ...TRITON, version: '3', credential: 'TOKEN' })).toMatchObject({
    backend: 'open-inference',
    model: 'fraud',
    version: '3',
    credential: 'TOKEN',
    timeoutMs: 10_000,
    maxInFlight: 8,
  });
  const tf = { backend: 'tf-serving', url: 'http://tf:8501', model: 'fraud', label: 'stable' };
  expect(documentOf(tf)).toMatchObject({ label: 'stable', signature: 'serving_default', version: '' });
});

test('a document says what a model takes and gives, where its remote does not', () => {
  const tensor = { name: 'x', datatype: 'FP32', shape: [-1, 4] };
  expect(documentOf(TRITON)).toMatchObject({ tensors: null });
  expect(documentOf({ ...TRITON, inputs: [tensor], outputs: [{ ...tensor, more: 1 }] })).toMatchObject({
    tensors: { inputs: [tensor], outputs: [tensor] },
  });
});

test.each([
  [{ ...TRITON, backend: 'torch' }, /“backend”: expected “open-inference” or “tf-serving”, got “torch”/],
  [{ ...TRITON, url: undefined }, /“url” is missing/],
  [{ ...TRITON, url: 'file:///etc/passwd' }, /“url”: expected a URL such as/],
  [{ ...TRITON, url: 'unix:///run/docker.sock' }, /“url”: expected a URL such as/],
  [{ ...TRITON, url: 'grpc://user:secret@triton:8001' }, /holds no secrets/],
  [{ ...TRITON, url: 'grpc://triton' }, /expected a port/],
  [{ ...TRITON, url: 'grpc://triton:8001/path' }, /no path/],
  [{ ...TRITON, url: 'grpc://evil%00.internal:8001' }, /no host name/],
  [{ ...TRITON, url: 'http://triton:8000/?a=b' }, /no query/],
  [{ ...TRITON, model: '' }, /“model”: expected a text/],
  [{ ...TRITON, model: undefined }, /“model” is missing/],
  [{ ...TRITON, timeoutMs: 0 }, /“timeoutMs”: expected a whole number from 1 to 60000/],
  [{ ...TRITON, maxInFlight: 1_000 }, /“maxInFlight”: expected a whole number from 1 to 128/],
  [{ ...TRITON, inputs: [] }, /“inputs” and “outputs” go together/],
  [{ ...TRITON, inputs: [], outputs: [{ name: 'y' }] }, /“outputs”: expected a list of tensors such as/],
  [{ ...TRITON, inputs: {}, outputs: [] }, /“inputs”: expected a list of tensors such as/],
  [{ backend: 'tf-serving', url: 'http://tf', model: 'm', inputs: [], outputs: [] }, /no field “inputs”/],
  [{ ...TRITON, token: 'secret' }, /There is no field “token”/],
  [{ ...TRITON, label: 'stable' }, /There is no field “label”/],
  [{ ...TRITON, backend: 'tf-serving' }, /“url”: expected a URL such as http:\/\/tf-serving:8501/],
  [{ backend: 'tf-serving', url: 'http://tf', model: 'm', version: 'v1' }, /counts versions/],
  [{ backend: 'tf-serving', url: 'http://tf', model: 'm', version: '1', label: 'x' }, /exclude each other/],
  [{ ...TRITON, modelgraph: 'remote-model/2' }, /“modelgraph”: expected “remote-model\/1”/],
])('%j is refused', (fields, sentence) => {
  expect(read(fields)).toEqual({ ok: false, message: expect.stringMatching(sentence) as string });
});

test.each([['{"a": 1}'], ['{'], ['[]'], ['\b\u0007model'], [`{"modelgraph":"${'x'.repeat(20_000)}"}`]])(
  'a file that is no such document is left to others',
  async (text) => {
    const path = join(folder, 'file');
    writeFileSync(path, text);
    expect(await readRemoteDocument(path)).toBeNull();
  },
);

describe('what an operator allows', () => {
  const policy = (places: string, credentials: Credentials = new Map()) =>
    new RemotePolicy(
      places.split(',').flatMap((place) => parseRemotePlace(place) ?? []),
      credentials,
    );
  const isAllowed = (places: string, url: string) =>
    'token' in policy(places).admit(documentOf({ ...TRITON, url }));

  test.each([
    ['grpc://triton:8001', 'grpc://triton:8001', true],
    ['triton:8001', 'grpc://triton:8001', true],
    ['TRITON:8001', 'grpc://Triton:8001', true],
    ['grpc://triton:8001', 'http://triton:8001', false],
    ['grpc://triton:8001', 'grpc://triton:8002', false],
    ['http://triton', 'http://triton:80', true],
    ['https://triton', 'https://triton/v2-behind/a-path', true],
    ['*.internal:8001', 'grpc://a.b.internal:8001', true],
    ['*.internal:8001', 'grpc://internal:8001', false],
    ['*.internal:8001', 'grpc://evilinternal:8001', false],
    ['[::1]:8001', 'grpc://[::1]:8001', true],
    ['a:1,b:2', 'grpc://b:2', true],
    ['', 'grpc://triton:8001', false],
  ])('REMOTE_BACKENDS=%s lets %s pass: %s', (places, url, expected) => {
    expect(isAllowed(places, url)).toBe(expected);
  });

  test.each(['triton', '*', '*:8001', 'ftp://triton:21', 'http://a/path', 'a b:1'])(
    '“%s” is no place',
    (text) => {
      expect(parseRemotePlace(text)).toBeNull();
    },
  );

  test('a secret goes to the servers that it is for, and to no others', () => {
    const path = join(folder, 'credentials.json');
    writeFileSync(path, JSON.stringify({ TOKEN: { token: 'secret', origins: ['grpc://triton:8001'] } }));
    const all = policy('triton:8001,other:8001', readCredentials(path));
    const admit = (fields: object) => all.admit(documentOf({ ...TRITON, ...fields }));
    expect(admit({ credential: 'TOKEN' })).toEqual({ token: 'secret' });
    expect(admit({})).toEqual({ token: null });
    const refusal = (sentence: RegExp) => ({ refusal: expect.stringMatching(sentence) as string });
    expect(admit({ credential: 'OTHER' })).toEqual(refusal(/no credential “OTHER”/));
    expect(admit({ credential: 'TOKEN', url: 'grpc://other:8001' })).toEqual(
      refusal(/“TOKEN” is not for grpc:\/\/other:8001/),
    );
    expect(admit({ url: 'grpc://elsewhere:1' })).toEqual(refusal(/REMOTE_BACKENDS=grpc:\/\/elsewhere:1/));
  });

  test.each(['{secret', '{"A": {"token": "secret"}}', '{"A": {"token": "sec\\nret", "origins": ["a:1"]}}'])(
    'a file of credentials that is wrong is refused, and what it holds is not repeated',
    (text) => {
      const path = join(folder, 'wrong.json');
      writeFileSync(path, text);
      expect(() => readCredentials(path)).toThrow(/REMOTE_CREDENTIALS_FILE/);
      expect(() => readCredentials(path)).not.toThrow(/secret|ret/);
    },
  );
});
