import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

/** What a hostile remote does with an inference; everything else it answers as it should. */
export type Attack = (request: IncomingMessage, response: ServerResponse) => void;

const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(text);
};
const output = (changes: object) => ({
  outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [1, 2], ...changes }],
});
const MEBIBYTE = Buffer.alloc(1024 * 1024, '1');

/** Writes for ever, as fast as it is read. */
function flood(response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write(MEBIBYTE));
  };
  response.on('drain', more);
  more();
}

/** By what they are called in the tests: an attack, and what its caller is told. */
export const ATTACKS: Readonly<Record<string, readonly [Attack, RegExp]>> = {
  'a body without end': [
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      flood(response);
    },
    /larger than \d+ bytes|did not answer within/,
  ],
  'a body that says that it is huge': [
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '99999999999' });
      response.write('{');
    },
    /larger than \d+ bytes/,
  ],
  HTML: [
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html><script>alert(1)</script></html>');
    },
    /text\/html/,
  ],
  'an error in HTML': [
    (_, response) => {
      response.writeHead(500, { 'content-type': 'text/html' });
      response.end(`<html>${'x'.repeat(100_000)}</html>`);
    },
    /answered 500\.$/,
  ],
  'an error of many words': [
    (_, response) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: 'no\u001b[31m\n'.repeat(10_000) }));
    },
    /answered 500: no.{1,400}…$/,
  ],
  'a redirect': [
    (_, response) => {
      response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' });
      response.end();
    },
    /redirect \(307\), which is never followed/,
  ],
  'a packed body': [
    (_, response) => json(response, 'xxxx', { 'content-encoding': 'gzip' }),
    /packed its answer/,
  ],
  'another datatype': [
    (_, response) => json(response, output({ datatype: 'INT32' })),
    /INT32 \[1, 2\] as “y”, which is FP32/,
  ],
  'a datatype that is none': [(_, response) => json(response, output({ datatype: 'EVIL' })), /EVIL/],
  'another shape': [
    (_, response) => json(response, output({ shape: [2, 1] })),
    /FP32 \[2, 1\] as “y”, which is FP32 \[1, 2\]/,
  ],
  'more rows than were asked': [
    (_, response) => json(response, output({ shape: [2, 2], data: [1, 2, 3, 4] })),
    /FP32 \[2, 2\] as “y”/,
  ],
  'a shape that overflows': [
    (_, response) => json(response, output({ shape: [4294967296, 4294967296] })),
    /at most \d+ elements/,
  ],
  'fewer values than the shape says': [
    (_, response) => json(response, output({ data: [1] })),
    /2 values, as the shape says/,
  ],
  'values that are no numbers': [(_, response) => json(response, output({ data: [1, {}] })), /a number/],
  'another output': [(_, response) => json(response, output({ name: 'z' })), /0 outputs “y”/],
  'the output twice': [
    (_, response) => json(response, { outputs: [...output({}).outputs, ...output({}).outputs] }),
    /2 outputs “y”/,
  ],
  'bytes that did not come': [
    (_, response) => json(response, output({ data: undefined, parameters: { binary_data_size: 1e9 } })),
    /bytes that did not come/,
  ],
  'a JSON length that is a lie': [
    (_, response) => json(response, output({}), { 'inference-header-content-length': '-5' }),
    /Inference-Header-Content-Length/,
  ],
  'lists in lists in lists': [
    (_, response) => json(response, `{"outputs":${'['.repeat(5_000_000)}`),
    /more parts than tensors can have/,
  ],
  'millions of empty lists': [
    (_, response) => json(response, `{"outputs":[${'[],'.repeat(3_000_000)}[]]}`),
    /more parts than tensors can have/,
  ],
  'what is no JSON': [(_, response) => json(response, '{"outputs":'), /not JSON/],
  'what is no UTF-8': [
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(Buffer.from([0x7b, 0xff, 0x7d]));
    },
    /not UTF-8/,
  ],
  'one byte a moment': [
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    },
    /did not answer within \d+ ms/,
  ],
  silence: [() => undefined, /did not answer within \d+ ms/],
  'a connection that is reset in the middle': [
    (request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"outputs":');
      setImmediate(() => request.socket.resetAndDestroy());
    },
    /broke off/,
  ],
  'less than it said': [
    (request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{}');
      request.socket.end();
    },
    /broke off/,
  ],
  'a connection that is closed without a word': [
    (request) => request.socket.destroy(),
    /cannot be reached|closed the connection/,
  ],
  'an upgrade that nobody asked for': [
    (request) =>
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: evil\r\nconnection: upgrade\r\n\r\n'),
    /cannot be reached|broke off/,
  ],
  'headers without end': [
    (request) => request.socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1_000_000)}\r\n`),
    /cannot be reached/,
  ],
};

/** A V2 server over HTTP with one model, `twice`, that answers inferences as it is told. */
export class HostileRemote {
  /** Undefined: it answers as it should. */
  attack: Attack | undefined;
  /** What it says of its model to whoever asks. */
  isReady = true;
  inferences = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createHttpServer((request, response) => this.answer(request, response));

  async start(): Promise<this> {
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const tensor = (name: string) => ({ name, datatype: 'FP32', shape: [-1, 2] });
    if (path === '/v2') return json(response, { name: 'hostile', extensions: [] });
    if (path.endsWith('/ready'))
      return this.isReady ? json(response, {}) : void response.writeHead(503).end();
    if (!path.endsWith('/infer'))
      return json(response, {
        name: 'twice',
        versions: ['1'],
        inputs: [tensor('x')],
        outputs: [tensor('y')],
      });
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      this.inferences += 1;
      if (this.attack) return this.attack(request, response);
      const { inputs } = JSON.parse(Buffer.concat(pieces).toString()) as {
        inputs: { shape: number[]; data: number[] }[];
      };
      const [x] = inputs;
      json(response, output({ shape: x?.shape, data: x?.data.map((one) => one * 2) }));
    });
  }
}

/** What a hostile remote does with any call over gRPC. */
export type GrpcAttack = (stream: ServerHttp2Stream) => void;

const HEADERS = { ':status': 200, 'content-type': 'application/grpc' };
/** A message of gRPC: not packed, so long. */
const framed = (length: number): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return head;
};

export const GRPC_ATTACKS: Readonly<Record<string, readonly [GrpcAttack, RegExp]>> = {
  'a message that says that it is huge': [
    (stream) => {
      stream.respond(HEADERS);
      stream.write(framed(0x7fffffff));
    },
    /too large/,
  ],
  'a message without end': [
    (stream) => {
      stream.respond(HEADERS);
      stream.write(framed(0x7fffffff));
      const more = () => {
        while (!stream.destroyed && stream.write(MEBIBYTE));
      };
      stream.on('drain', more);
      more();
    },
    /too large/,
  ],
  'what is no message': [
    (stream) => {
      stream.respond(HEADERS, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.concat([framed(3), Buffer.from([0x2a, 0xff, 0xff])]));
    },
    /no inference\.ModelInferResponse/,
  ],
  'HTML over HTTP/2': [
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end('<html></html>');
    },
    /too large/,
  ],
  'a status of many words': [
    (stream) =>
      stream.respond(
        { ...HEADERS, 'grpc-status': '13', 'grpc-message': 'no '.repeat(600).trim() },
        { endStream: true },
      ),
    /^The remote answered INTERNAL: no.{1,400}…$/,
  ],
  silence: [() => undefined, /did not answer within \d+ ms/],
  'a stream that is reset': [(stream) => stream.close(2), /answered \w+/],
};

/** An HTTP/2 server that treats every call as it is told. */
export async function hostileGrpc(attack: GrpcAttack): Promise<{ readonly url: URL; stop(): Promise<void> }> {
  const server = createHttp2Server();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
  });
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    attack(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: new URL(`grpc://127.0.0.1:${port}`), stop };
}
