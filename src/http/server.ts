import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Auth } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import { Failure } from '../kernel/errors';
import { newId } from '../kernel/ids';
import type { Logger } from '../kernel/logger';
import { answerError, answerGraphqlError, type AnswerError } from '../kernel/http/http-answer';
import { BodyTooSlow } from '../kernel/http/http-body';
import { ARTIFACT_PATH } from './artifact-route';
import { isCallerGone } from '../kernel/http/http-caller';
import {
  isWhole,
  type Exchange,
  type HttpRequest,
  type HttpResponse,
  type NodeExchange,
  type PublicRoute,
  type Route,
} from '../kernel/http/http-exchange';
import { headerOf } from '../kernel/http/http-header';
import { openFilesLimit } from '../kernel/open-files';
import { limitConnections } from './connection-limit';
import { listen } from './listen';
import { PlainConnections } from './plain-connections';

/** Time for a client to send its headers: slower ones only hold a connection. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Time for a whole request: an upload of 5 GiB over a slow line. */
const REQUEST_TIMEOUT_MS = 3_600_000;
/** Longer than the idle time of usual load balancers (60 s), so that they and not we close a connection. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/**
 * How long nothing must have come on a connection before it is closed as the server stops, in ms: a client that calls
 * again and again does so within that time, and hears then that it is to open another one. With every stop it is
 * waited.
 */
const QUIET_MS = 500;

const STATUS_OF = { UNAUTHENTICATED: 401, FORBIDDEN: 403, BAD_USER_INPUT: 400, UNAVAILABLE: 503 } as const;

interface DoorPlace {
  /** `/v2`: that path and all below it. */
  readonly prefix: string;
  /** The protocol's form of an error that the server itself answers with, for a wrong credential say. */
  readonly answerError: AnswerError;
}

/** Everything below a path, in the form of some protocol. */
export type Door = DoorPlace &
  ({ readonly route: Route } | { /** Its bytes go by as streams. */ readonly streams: Route<NodeExchange> });

export interface Routes {
  /** Open to everybody, by their exact path. */
  readonly public: Readonly<Record<string, PublicRoute>>;
  /** Below these paths an address with `?token=` is a credential by itself, which the route checks. */
  readonly signed: Readonly<Record<string, PublicRoute>>;
  readonly graphql: Route;
  readonly metrics: Route;
  readonly artifacts: Route<NodeExchange>;
  readonly doors: readonly Door[];
}

/** The HTTP server. A credential is checked before a path is looked at: strangers cannot even learn what exists. */
export class HttpServer {
  readonly server: Server;
  private readonly plain: PlainConnections;
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly routes: Routes,
    private readonly auth: Auth,
    private readonly logger: Logger,
  ) {
    this.server = createServer((request, response) => {
      const exchange = exchangeOf(request, response);
      void this.handle(exchange, exchange);
    });
    this.server.headersTimeout = HEADERS_TIMEOUT_MS;
    this.server.requestTimeout = REQUEST_TIMEOUT_MS;
    this.server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
    limitConnections(this.server, openFilesLimit(), logger);
    this.plain = new PlainConnections(this.server, {
      isPlain: (url) => isBelow(url, '/graphql') || isPlainDoor(this.doorAt(url)),
      answer: (request, response) => {
        void this.handle(exchangeOf(request, response), null);
      },
      keepAliveMs: KEEP_ALIVE_TIMEOUT_MS,
      arrivalMs: HEADERS_TIMEOUT_MS,
    });
  }

  /** Resolves to the address in use; port 0 asks for any free one. */
  listen(host: string, port: number): Promise<string> {
    return listen(this.server, host, port);
  }

  /** Takes no new calls and lets those in flight end; what is left after `withinMs` is cut off. */
  stop(withinMs: number): Promise<void> {
    this.stopping ??= new Promise((resolve) => {
      const deadline = setTimeout(() => {
        this.server.closeAllConnections();
        this.plain.destroyAll();
      }, withinMs);
      this.server.close(() => {
        clearTimeout(deadline);
        resolve();
      });
      this.server.closeIdleConnections();
      this.plain.end(Math.min(QUIET_MS, withinMs));
    });
    return this.stopping;
  }

  /** @param streamed the same exchange where its bytes may go by as streams, else null */
  private async handle(exchange: Exchange, streamed: NodeExchange | null): Promise<void> {
    try {
      if (this.stopping) exchange.response.setHeader('connection', 'close');
      if (streamed) refuseSeveralHosts(streamed.request);
      const publicRoute = streamed && this.publicRouteOf(streamed);
      if (publicRoute) return await publicRoute(streamed);
      const known = this.actorOf(exchange);
      const actor = known instanceof Promise ? await known : known; // nothing waits where nothing must
      const { path, response } = exchange;
      if (path === '/graphql') return await this.routes.graphql(exchange, actor);
      const door = this.doorAt(path);
      if (door && 'route' in door) return await door.route(exchange, actor);
      if (streamed && door && 'streams' in door) return await door.streams(streamed, actor);
      if (path === '/metrics') return await this.routes.metrics(exchange, actor);
      if (streamed && path.startsWith(ARTIFACT_PATH)) return await this.routes.artifacts(streamed, actor);
      answerError(response, 404, 'NOT_FOUND', 'There is nothing at this address.');
    } catch (error) {
      this.answerFailure(error, exchange);
    }
  }

  private publicRouteOf({ request, path, search }: NodeExchange): PublicRoute | undefined {
    if (search.startsWith('?token=')) {
      const signed = Object.keys(this.routes.signed).find((prefix) => isBelow(path, prefix));
      if (signed !== undefined) return this.routes.signed[signed];
    }
    return request.method === 'GET' || request.method === 'HEAD' ? this.routes.public[path] : undefined;
  }

  private actorOf({ request }: Exchange): Actor | Promise<Actor> {
    const { authorization } = request.headers;
    return this.auth.authenticate(authorization, headerOf(request, 'x-modelgraph-project'), request.socket);
  }

  private doorAt(path: string): Door | undefined {
    return this.routes.doors.find(({ prefix }) => isBelow(path, prefix));
  }

  private answerFailure(error: unknown, { request, response, path }: Exchange): void {
    if (error instanceof BodyTooSlow) response.shouldKeepAlive = false;
    else if (!isWhole(request)) request.resume();
    if (response.headersSent || response.destroyed) {
      if (!isCallerGone(request)) this.logger.warn({ err: error, path }, 'an answer could not be finished');
      response.destroy(); // the client has left, or the answer cannot be finished: it must not look whole
      return;
    }
    const answer = path === '/graphql' ? answerGraphqlError : (this.doorAt(path)?.answerError ?? answerError);
    if (error instanceof BodyTooSlow) return answer(response, 408, 'REQUEST_TIMEOUT', error.message);
    if (error instanceof Failure) {
      if (error.code === 'UNAUTHENTICATED') response.setHeader('www-authenticate', 'Bearer');
      return answer(response, STATUS_OF[error.code], error.code, error.message);
    }
    const requestId = newId();
    this.logger.error({ requestId, err: error, path }, 'a call failed');
    answer(
      response,
      500,
      'INTERNAL_SERVER_ERROR',
      `Something went wrong on our side. The log has more under ${requestId}.`,
    );
  }
}

/** A proxy before us may have gone by another one than we would (RFC 9112, 3.2); plain requests have one. */
function refuseSeveralHosts({ headersDistinct }: IncomingMessage): void {
  if ((headersDistinct.host?.length ?? 0) > 1)
    throw new Failure('BAD_USER_INPUT', 'A request has one Host header; this one has several.');
}

const isPlainDoor = (door: Door | undefined): boolean => door !== undefined && 'route' in door;

/** Of a path, or of one with its query. */
const isBelow = (url: string, prefix: string): boolean =>
  url.startsWith(prefix) && (url.length === prefix.length || '/?'.includes(url[prefix.length] ?? ''));

/** Whole addresses are for proxies, but every server must take them (RFC 9112, 3.2.2). */
const localPart = (url: string): string =>
  url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*\/?/i, '/');

function exchangeOf<Request extends HttpRequest, Response extends HttpResponse>(
  request: Request,
  response: Response,
): { request: Request; response: Response; path: string; search: string } {
  const url = localPart(request.url ?? '/');
  const queryAt = url.indexOf('?');
  return queryAt < 0
    ? { request, response, path: url, search: '' }
    : { request, response, path: url.slice(0, queryAt), search: url.slice(queryAt) };
}
