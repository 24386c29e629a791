import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { parseRemotePlace } from '../../../../src/kernel/remote-place';
import type { ModelFile } from '../../../../src/serving/execution/backend';
import { RemoteBackend } from '../../../../src/serving/backends/remote';
import { parseRemoteDocument } from '../../../../src/serving/execution/remote-document';
import { RemotePolicy } from '../../../../src/serving/backends/remote-policy';

/** A remote that answers each question after a while. */
let questions = 0;
const answer = (response: ServerResponse, body: object) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const server = createServer((request, response) => {
  request.resume();
  const tensors = [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }];
  if (request.url === '/v2') return void answer(response, { name: 'x', version: '1', extensions: [] });
  if (request.method === 'GET')
    return void answer(response, { name: 'm', inputs: tensors, outputs: tensors });
  questions += 1;
  const outputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }];
  setTimeout(() => answer(response, { outputs }), 20);
});
let backend: RemoteBackend;
let file: ModelFile;
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const place = parseRemotePlace(url);
  backend = new RemoteBackend(new RemotePolicy(place ? [place] : [], new Map()), undefined, 300);
  const document = { modelgraph: 'remote-model/1', backend: 'open-inference', url, model: 'm' };
  const read = parseRemoteDocument(JSON.stringify(document));
  if (!read?.ok) throw new Error(read?.message);
  file = { sha256: 'm', path: '', remote: read.document };
});
afterAll(async () => {
  await backend.stop();
  server.close();
});

const column = { name: 'x', input: 'x', index: 0, datatype: 'FP32' } as const;

test.each([
  ['a measurement', () => backend.measureLatency(file, 10_000)],
  ['a look for missing values', () => backend.nullable(file, new Array(10_000).fill(column))],
])('%s that takes too long is refused, and asks the remote nothing more', async (_, work) => {
  await expect(work()).rejects.toMatchObject({ reason: 'timeout' });
  await pause(50); // one may have been on its way
  const asked = questions;
  await pause(200);
  expect(questions).toBe(asked);
});
