import { createServer, request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a download. */
type Break =
  /** So many bytes of the answer's body pass; then the connection breaks. */
  | { readonly after: number }
  /** Nobody is there. */
  | 'refused'
  /** As if the server knew no ranges. */
  | 'whole'
  /** Other bytes than the server's. */
  | 'forged';

/**
 * A way to a server on which downloads of artifacts break as they are told, one after the other; afterwards they pass.
 */
export class BreakingProxy {
  /** The `Range` of every download that was asked for. */
  readonly ranges: (string | undefined)[] = [];
  breaks: Break[] = [];
  private readonly server: Server;

  private constructor(target: string) {
    this.server = createServer((request, response) => {
      const isDownload = request.method === 'GET' && (request.url ?? '').startsWith('/artifacts/');
      if (isDownload) this.ranges.push(request.headers.range);
      const fate = isDownload ? this.breaks.shift() : undefined;
      if (fate === 'refused') return void request.socket.destroy();
      const headers = { ...request.headers };
      if (fate === 'whole') delete headers.range;
      const passed = ask(
        new URL(request.url ?? '/', target),
        { method: request.method, headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          let left = typeof fate === 'object' ? fate.after : Infinity;
          answer.on('data', (chunk: Buffer) => {
            response.write(fate === 'forged' ? Buffer.alloc(chunk.length, 1) : chunk.subarray(0, left));
            left -= chunk.length;
            if (left > 0) return;
            answer.destroy();
            setImmediate(() => response.destroy());
          });
          answer.on('end', () => response.end());
        },
      );
      request.pipe(passed);
    });
  }

  static async to(target: string): Promise<BreakingProxy> {
    const proxy = new BreakingProxy(target);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
