import {
  createServer,
  request as ask,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What becomes of a request: passed on and answered; done, but the answer is lost; lost before anything is done. */
export type Fate = 'ok' | 'answer-lost' | 'lost';

/** A way to a server on which answers get lost as a test says, request by request. */
export class UnsteadyProxy {
  /** Requests that came, whatever became of them. */
  requests = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: string,
    private readonly fateOf: (request: number) => Fate,
  ) {}

  /** @param fateOf called with 1 for the first request */
  static async to(target: string, fateOf: (request: number) => Fate): Promise<UnsteadyProxy> {
    const server = createServer();
    const proxy = new UnsteadyProxy(server, target, fateOf);
    server.on('request', (request, response) => void proxy.pass(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const fate = this.fateOf(this.requests);
    const body = await buffer(request).catch(() => null);
    if (fate === 'lost' || body === null) return void response.destroy();
    const headers = { ...request.headers, 'content-length': String(body.length) };
    delete headers['transfer-encoding'];
    const onward = ask(
      `${this.target}${request.url ?? ''}`,
      { method: request.method, headers },
      (answer) => {
        void buffer(answer).then((bytes) => {
          if (fate === 'answer-lost') return void response.destroy();
          response.writeHead(answer.statusCode ?? 500, {
            'content-type': answer.headers['content-type'] ?? '',
          });
          response.end(bytes);
        });
      },
    );
    onward.on('error', () => response.destroy());
    onward.end(body);
  }
}
