import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseRemotePlace } from '../../../../src/kernel/remote-place';
import type { ModelFile } from '../../../../src/serving/execution/backend';
import { RemoteBackend } from '../../../../src/serving/backends/remote';
import { parseRemoteDocument } from '../../../../src/serving/execution/remote-document';
import { RemotePolicy } from '../../../../src/serving/backends/remote-policy';
import { until } from '../../../support/until';

const answer = (response: ServerResponse, status: number, body: object) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
/** What the slow model is asked, to be answered when the test says so. */
const waiting: ServerResponse[] = [];
/** Looks at the hung model, which are never answered, that whoever looked has given up. */
let givenUp = 0;
const server = createServer((request, response) => {
  request.resume();
  const path = request.url ?? '';
  if (path === '/v2') return void answer(response, 200, { name: 'x', version: '1', extensions: [] });
  if (path === '/v2/models/hung/ready') return void response.on('close', () => givenUp++);
  if (path.startsWith('/v2/models/hung')) return void answer(response, 500, { error: 'It is broken.' });
  waiting.push(response);
});
let backend: RemoteBackend;
let url: string;
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const place = parseRemotePlace(url);
  backend = new RemoteBackend(new RemotePolicy(place ? [place] : [], new Map()));
});
afterAll(async () => {
  await backend.stop();
  server.closeAllConnections();
  server.close();
});

const OPTIONS = { timeoutMs: 20_000 };
const question = [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: Float32Array.of(1) }] as const;

function fileOf(model: string): ModelFile {
  const fields = { modelgraph: 'remote-model/1', backend: 'open-inference', url, model };
  const read = parseRemoteDocument(JSON.stringify(fields));
  if (!read?.ok) throw new Error(read?.message);
  const tensors = [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }] as const;
  const declared = { inputs: tensors, outputs: tensors, batchable: true };
  return { sha256: model, path: '', remote: read.document, declared };
}

test('a model that hangs at a server does not cut off the calls to another one there', async () => {
  const slow = backend.run(fileOf('slow'), question, OPTIONS);
  await until(() => waiting.length === 1);
  for (let failure = 0; failure < 3; failure++)
    await expect(backend.run(fileOf('hung'), question, OPTIONS)).rejects.toMatchObject({ reason: 'remote' });
  await until(() => givenUp === 1);
  const outputs = [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [1] }];
  for (const response of waiting) answer(response, 200, { outputs });
  expect((await slow).outputs).toMatchObject([{ data: Float32Array.of(1) }]);
  expect(waiting).toHaveLength(1);
});
