import { createServer, type Server } from 'node:http';
import { answerError } from '../kernel/http/http-answer';
import type { Logger } from '../kernel/logger';
import { livezRoute, readyzRoute, type ReadinessCheck } from './health-routes';
import { listen } from './listen';

/** Time for a client to send a request, in ms: a probe sends one line. */
const REQUEST_TIMEOUT_MS = 10_000;

const NOTHING_HERE =
  'This process runs models for Modelgraph’s API processes; ask one of those. Here are /livez and /readyz.';

/** The HTTP of a process that answers nobody but probes. */
export class HealthServer {
  private readonly server: Server;
  private stopping: Promise<void> | undefined;

  constructor(checks: readonly ReadinessCheck[], logger: Logger) {
    const routes = new Map([
      ['/livez', livezRoute],
      ['/readyz', readyzRoute(checks)],
    ]);
    this.server = createServer((request, response) => {
      const [path = '/', query] = (request.url ?? '/').split('?', 2);
      const route = request.method === 'GET' || request.method === 'HEAD' ? routes.get(path) : undefined;
      if (this.stopping) response.setHeader('connection', 'close');
      if (!route) {
        answerError(response, 404, 'NOT_FOUND', NOTHING_HERE);
        return;
      }
      const exchange = { request, response, path, search: query === undefined ? '' : `?${query}` };
      Promise.resolve(route(exchange)).catch((err: unknown) => {
        logger.error({ err, path }, 'a probe could not be answered');
        response.destroy();
      });
    });
    this.server.headersTimeout = REQUEST_TIMEOUT_MS;
    this.server.requestTimeout = REQUEST_TIMEOUT_MS;
  }

  /** Resolves to the address in use; port 0 asks for any free one. */
  listen(host: string, port: number): Promise<string> {
    return listen(this.server, host, port);
  }

  /** Idempotent. */
  stop(): Promise<void> {
    this.stopping ??= new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections(); // a probe asks again
    });
    return this.stopping;
  }
}
