import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Sha256 } from '../../src/kernel/artifacts/artifact';
import { S3, type S3Access } from '../../src/kernel/artifacts/s3';
import { freePort } from './free-port';

// What Amazon's programs look for: the server in front of us takes anybody's.
process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_EC2_METADATA_DISABLED = 'true';
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

/** Until it listens, in ms: Python on a busy machine. */
const START_LIMIT_MS = 30_000;

/**
 * What happens to a request. `lost`: the connection is cut before anything is sent. `cut-request`: in the middle of
 * what is sent. `cut-answer`: in the middle of what comes back. `hang`: nothing comes back, ever.
 */
export type Fault =
  'lost' | 'cut-request' | 'cut-answer' | 'hang' | { readonly status: number; readonly code: string };

export interface S3Request {
  readonly method: string;
  /** With its query. */
  readonly url: string;
}

/** A real S3 server in a process of its own, moto, behind a proxy by which a test disturbs it. */
export class S3Server {
  /** Everything that came, in order. */
  readonly requests: S3Request[] = [];
  /** Asked for each request. */
  fault: (request: S3Request) => Fault | null = () => null;
  private readonly proxy = createServer((incoming, response) => this.pass(incoming, response));
  private direct: S3 | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(): Promise<S3Server> {
    const program = process.env.MOTO_SERVER;
    if (!program) throw new Error('MOTO_SERVER names no S3 server to test against: run .ci/s3.sh.');
    const port = await freePort();
    const child = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    const server = new S3Server(child, port);
    const deadline = performance.now() + START_LIMIT_MS;
    while (!(await isListening(port))) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`${program} did not start.`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await new Promise<void>((resolve) => server.proxy.listen(0, '127.0.0.1', resolve));
    server.direct = new S3(accessOf(port));
    return server;
  }

  /** How the server is reached through the proxy. */
  get access(): S3Access {
    return accessOf((this.proxy.address() as AddressInfo).port);
  }

  /** The server without the proxy. */
  get s3(): S3 {
    if (!this.direct) throw new Error('The server has not been started.');
    return this.direct;
  }

  async newBucket(): Promise<string> {
    const bucket = `test-${randomUUID()}`;
    const made = await fetch(`http://127.0.0.1:${this.port}/${bucket}`, { method: 'PUT' });
    if (!made.ok) throw new Error(`No bucket could be made: ${made.status} ${await made.text()}`);
    return bucket;
  }

  /** Takes the bytes of an artifact away behind the store's back, or puts others in their place. */
  async spoil(
    bucket: string,
    prefix: string,
    sha256: string,
    bytes: Uint8Array | string | null,
  ): Promise<void> {
    const key = `${prefix}artifacts/sha256/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
    if (bytes === null) return this.s3.remove({ bucket, key });
    const digest = createHash('sha256').update(bytes).digest('base64');
    await this.s3.put({ bucket, key }, Buffer.from(bytes), digest);
  }

  /** Uploads that are begun and neither completed nor given up. */
  async unfinished(bucket: string): Promise<readonly string[]> {
    const uploads = await this.s3.unfinishedUploads(bucket, '', new Date(8.64e15));
    return uploads.map(({ key }) => key);
  }

  async stop(): Promise<void> {
    this.direct?.stop();
    this.proxy.closeAllConnections();
    await new Promise((resolve) => this.proxy.close(resolve));
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill();
    await exited;
  }

  private pass(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = incoming;
    const asked = { method, url };
    this.requests.push(asked);
    const fault = this.fault(asked);
    if (fault === 'lost') return void incoming.socket.destroy();
    if (fault === 'hang') return void incoming.resume();
    if (fault === 'cut-request') return void incoming.once('data', () => incoming.socket.destroy());
    if (fault !== null && fault !== 'cut-answer') {
      incoming.resume();
      response.writeHead(fault.status, { 'content-type': 'application/xml' });
      response.end(
        method === 'HEAD' ? '' : `<Error><Code>${fault.code}</Code><Message>No.</Message></Error>`,
      );
      return;
    }
    const { headers } = incoming;
    const onward = request({ host: '127.0.0.1', port: this.port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (fault === null) return void answer.pipe(response);
      answer.once('data', (chunk: Buffer) => {
        response.write(chunk.subarray(0, chunk.length / 2), () => incoming.socket.destroy());
        answer.destroy();
      });
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }
}

const accessOf = (port: number): S3Access => ({
  endpoint: `http://127.0.0.1:${port}`,
  region: 'us-east-1',
  isPathStyle: true,
});

const isListening = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );

/** As artifacts are named. */
export const sha256Of = (bytes: Uint8Array | string): Sha256 =>
  createHash('sha256').update(bytes).digest('hex') as Sha256;
