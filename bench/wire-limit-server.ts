import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxBackend } from '../src/serving/backends/onnx';
import { Batcher } from '../src/serving/batching/batcher';
import { WorkerPool } from '../src/serving/worker/worker-pool';
import { FEATURE_NAMES, INPUT_NAME, modelFile, type Row } from './model';

/** Workers as the server has them by default. */
const WORKERS = 2;
const TIMEOUT_MS = 10_000;

/**
 * The wire limit: our batcher and our workers behind bare node:http and JSON.parse. No GraphQL, no credentials, no
 * checks, no measuring: what these cost is the distance to it.
 */
async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'modelgraph-wire-'));
  const bytes = modelFile();
  const file = { sha256: createHash('sha256').update(bytes).digest('hex'), path: join(folder, 'model.onnx') };
  writeFileSync(file.path, bytes);
  const options = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };
  const pool = new WorkerPool({ workers: WORKERS, ...options, onEvent: (event) => console.error(event) });
  await pool.start();
  const backend = new OnnxBackend(pool, options);
  await backend.load(file);
  const batcher = new Batcher(backend);

  const predict = async (body: string): Promise<string> => {
    const { rows } = JSON.parse(body) as { rows: readonly [Row] };
    const data = Float32Array.from(FEATURE_NAMES, (name) => rows[0][name] ?? NaN);
    const inputs = [{ name: INPUT_NAME, datatype: 'FP32' as const, shape: [1, data.length], data }];
    const deadlineAt = performance.now() + TIMEOUT_MS;
    const { outputs } = await batcher.submit({ file, batchable: true, inputs, deadlineAt });
    return JSON.stringify({ rows: [{ probabilities: Array.from(outputs[0]?.data as Float32Array) }] });
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      predict(Buffer.concat(chunks).toString()).then(
        (text) => {
          const length = Buffer.byteLength(text);
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
          response.end(text);
        },
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
  });
  // It ends with the process that started it, however that ends, and takes its workers along.
  const end = () => {
    rmSync(folder, { recursive: true, force: true });
    void pool.stop({ withinMs: 1_000 }).then(() => process.exit(0));
  };
  process.stdin.on('end', end).resume();
  process.on('SIGTERM', end);
}

void main();
