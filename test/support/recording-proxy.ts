import {
  Agent,
  createServer,
  request as ask,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Duplex } from 'node:stream';
import { Journal } from './journal';

interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * A way to a server that writes down what clients are told is kept, before they are told. Where the server breaks off,
 * so does it.
 */
export class RecordingProxy {
  readonly journal = new Journal();
  private readonly agent = new Agent({ keepAlive: true });

  private constructor(
    private readonly server: Server,
    private target: string,
  ) {}

  static async to(target: string): Promise<RecordingProxy> {
    const server = createServer();
    server.keepAliveTimeout = 0; // clients go by the time that the server names, which is longer than the usual here
    const proxy = new RecordingProxy(server, target);
    server.on('request', (request, response) => void proxy.pass(request, response));
    server.on('upgrade', (request, near, head) => proxy.join(request, near, head));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on the way leads to another server, such as one that was started again. */
  leadTo(target: string): void {
    this.target = target;
  }

  close(): void {
    this.agent.destroy();
    this.server.closeAllConnections();
    this.server.close();
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await buffer(request);
      const sent = request.url === '/graphql' ? this.journal.send(body) : undefined;
      const answer = await this.answerOf(request, body);
      const isKept = answer.status >= 200 && answer.status < 300;
      if (sent) this.journal.receive(sent, answer.body);
      if (request.method === 'PUT' && isKept) this.journal.sha256s.add(request.url?.split('/').at(-1) ?? '');
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      response.destroy(); // the server is gone, or its answer is not whole
    }
  }

  private answerOf({ method, url, headers }: IncomingMessage, body: Buffer): Promise<WholeAnswer> {
    return new Promise((resolve, reject) => {
      const asked = ask(new URL(url ?? '', this.target), { method, headers, agent: this.agent });
      asked.on('error', reject);
      asked.on('response', (answer) => {
        const { statusCode: status = 0, headers } = answer;
        buffer(answer).then((body) => resolve({ status, headers, body }), reject);
      });
      asked.end(body);
    });
  }

  /** A WebSocket: the bytes pass as they are. */
  private join({ method, url, rawHeaders }: IncomingMessage, near: Duplex, head: Buffer): void {
    const { hostname, port } = new URL(this.target);
    const far = connect({ host: hostname, port: Number(port) });
    const lines = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1] ?? ''}`] : [],
    );
    far.write([`${method} ${url} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    far.write(head);
    near.pipe(far);
    far.pipe(near);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }
}
