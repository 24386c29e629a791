import type {
  IncomingHttpHeaders,
  IncomingMessage,
  OutgoingHttpHeader,
  OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Actor } from '../actor';

/** A request whose body has arrived before anybody looks at it, as it is: nothing in it is packed. */
export interface WholeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
  /** Belongs to whoever answers. */
  readonly body: Buffer;
}

/** Node's, whose body is a stream, or one that is there. */
export type HttpRequest = IncomingMessage | WholeRequest;

export const isWhole = (request: HttpRequest): request is WholeRequest => 'body' in request;

/** What an answer is written to. Node's own has more, for answers that are streams. */
export interface HttpResponse {
  readonly headersSent: boolean;
  /** Nobody hears it any more. */
  readonly destroyed: boolean;
  /** False: the connection ends with the answer. */
  shouldKeepAlive: boolean;
  setHeader(name: string, value: string | number): unknown;
  writeHead(status: number, headers: OutgoingHttpHeaders | OutgoingHttpHeader[]): unknown;
  cork(): void;
  write(piece: Uint8Array): unknown;
  end(): unknown;
  end(text: string): unknown;
  end(text: string, encoding: 'latin1'): unknown;
  /** Without an end, so that nobody takes it for whole. */
  destroy(): unknown;
}

/** What a route is given: the path is decoded nowhere, since no name of a client is ever a path. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly path: string;
  readonly search: string;
}

/** An exchange whose bytes go by as streams. */
export interface NodeExchange extends Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export type PublicRoute = (exchange: NodeExchange) => Promise<void> | void;
export type Route<Given extends Exchange = Exchange> = (
  exchange: Given,
  actor: Actor,
) => Promise<void> | void;
