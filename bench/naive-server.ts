import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { FEATURE_NAMES, INPUT_NAME, modelFile, type Row } from './model';

/**
 * The peer: what one writes in an afternoon. node:http, JSON.parse, session.run; one process, no batching, no
 * checks, no credentials. `/trivial` reads the body and answers a constant: what Node and the load can do at best.
 */
async function main(): Promise<void> {
  // One thread a run, as is quickest for a model this small: the peer gets the better of its two settings.
  const session = await InferenceSession.create(modelFile(), { intraOpNumThreads: 1 });
  const server = createServer((request, response) => {
    readBody(request)
      .then((body) => (request.url === '/trivial' ? '{"rows":[]}' : predict(session, body)))
      .then(
        (answer) => send(response, 200, answer),
        (error: unknown) => send(response, 500, JSON.stringify({ error: String(error) })),
      );
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
  });
  // It ends with the process that started it, however that ends.
  process.stdin.on('end', () => process.exit(0)).resume();
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
  });
}

async function predict(session: InferenceSession, body: string): Promise<string> {
  const { rows } = JSON.parse(body) as { rows: readonly [Row] };
  const values = Float32Array.from(FEATURE_NAMES, (name) => rows[0][name] ?? NaN);
  const answers = await session.run({ [INPUT_NAME]: new Tensor('float32', values, [1, values.length]) });
  const probabilities = answers.probabilities?.data as Float32Array;
  return JSON.stringify({ rows: [{ probabilities: Array.from(probabilities) }] });
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

void main();
