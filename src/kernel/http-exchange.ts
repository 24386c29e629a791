import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Actor } from './actor';

/** What a route is given: the path is decoded nowhere, since no name of a client is ever a path. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly search: string;
}

export type PublicRoute = (exchange: Exchange) => Promise<void> | void;
export type Route = (exchange: Exchange, actor: Actor) => Promise<void> | void;
