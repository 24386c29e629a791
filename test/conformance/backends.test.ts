import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRemotePlace } from '../../src/kernel/remote-place';
import type { Backend, ModelFile } from '../../src/serving/execution/backend';
import { OnnxBackend } from '../../src/serving/backends/onnx';
import { RemoteBackend } from '../../src/serving/backends/remote';
import { parseRemoteDocument } from '../../src/serving/execution/remote-document';
import { RemotePolicy } from '../../src/serving/backends/remote-policy';
import { WorkerPool } from '../../src/serving/worker/worker-pool';
import { keepsBackendContract, stopsWhatNobodyWaitsFor } from '../support/backend-contract';
import {
  ONNX_DATATYPES,
  affine,
  centred,
  identity,
  lookup,
  loopOnDemand,
  modelFile,
  pair,
} from '../support/onnx-models';
import { EchoRemote } from '../support/echo-remote';
import { RegistryClient } from '../support/registry-client';
import { documentFor, REMOTE_KINDS, remoteModel } from '../support/remote-model';
import { startTestServer, type TestServer } from '../support/test-server';

const MODELS: Readonly<Record<string, Uint8Array>> = {
  ...Object.fromEntries(ONNX_DATATYPES.map((datatype) => [datatype, identity(datatype)])),
  affine: affine(),
  centred: centred(),
  lookup: lookup(8),
  pair: pair(),
  scalar: identity('FP32', []),
  slow: loopOnDemand(),
};
const WORKERS = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-backends-'));
let neighbour: TestServer;
/** What the neighbour asks in its turn: BYTES that no runtime here has. */
const echo = new EchoRemote('BYTES', undefined, 'y_bytes');
const pool = new WorkerPool({ ...WORKERS, workers: 2 });
const onnx = new OnnxBackend(pool, WORKERS);
let remote: RemoteBackend;

beforeAll(async () => {
  await echo.start();
  neighbour = await startTestServer({ ONNX_WORKERS: '2', REMOTE_BACKENDS: echo.url });
  const registry = new RegistryClient(neighbour);
  const pictures = remoteModel({ backend: 'open-inference', url: echo.url, model: 'x' });
  await registry.promote(await registry.version('pictures', Buffer.from(pictures)), 'production');
  for (const [name, bytes] of Object.entries(MODELS))
    await registry.promote(await registry.version(name, bytes), 'production');
  await pool.start();
  const places = [new URL(neighbour.url).host, neighbour.grpcAddress].flatMap(
    (place) => parseRemotePlace(place) ?? [],
  );
  remote = new RemoteBackend(
    new RemotePolicy(places, new Map([['NEIGHBOUR', { token: neighbour.key, places }]])),
  );
});
afterAll(async () => {
  await remote.stop();
  await onnx.stop();
  await pool.stop({ withinMs: 2_000 });
  await neighbour.stop();
  await echo.stop();
  rmSync(folder, { recursive: true });
});

const KINDS = ['onnx', ...REMOTE_KINDS] as const;

describe.each(KINDS)('%s', (kind) => {
  function file(name: string): ModelFile {
    if (kind === 'onnx') return fileOf(name);
    const text = documentFor(kind, neighbour, name);
    const read = parseRemoteDocument(text);
    if (!read?.ok) throw new Error(read?.message);
    const sha256 = `${kind} ${name}`;
    const path = join(folder, `${sha256}.json`);
    writeFileSync(path, text);
    return { sha256, path, remote: read.document };
  }
  const backend = (): Backend => (kind === 'onnx' ? onnx : remote);

  keepsBackendContract(
    () => ({ backend: backend(), file }),
    kind === 'onnx' ? { 'bytes that are no text': /'x' holds bytes that are not UTF-8 in element 1/ } : {},
  );

  if (kind !== 'onnx') stopsWhatNobodyWaitsFor(() => ({ backend: remote, file }));
});

/** An ONNX model; of a name that nobody has, a file that is none. */
function fileOf(name: string): ModelFile {
  const bytes = MODELS[name];
  if (bytes) return modelFile(folder, bytes);
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, 'nothing');
  return { sha256: name, path };
}
