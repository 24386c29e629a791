import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpResponse, WholeRequest } from '../kernel/http/http-exchange';
import { PlainConnection } from './plain-connection';

/** Pause between two looks for connections that have waited long enough, in ms: the smallest limit is twice as long. */
const SWEEP_MS = 5_000;

export interface PlainConnectionsOptions {
  /** Which requests may be answered outside of node:http, by their path and query. */
  readonly isPlain: (url: string) => boolean;
  readonly answer: (request: WholeRequest, response: HttpResponse) => void;
  /** For how long a connection may wait for its next request, in ms. */
  readonly keepAliveMs: number;
  /** For how long a connection may wait for its first request, or for the rest of one, in ms. */
  readonly arrivalMs: number;
}

/**
 * Stands between a server's connections and node:http: plain requests are answered here, at two thirds of the price,
 * and a connection goes to node:http with the first request that is anything else.
 */
export class PlainConnections {
  private readonly connections = new Set<PlainConnection>();
  private readonly nodeListeners: readonly ((socket: Socket) => void)[];
  private readonly nodeSockets = new WeakSet<Socket>();
  private readonly sweeping: NodeJS.Timeout;

  constructor(
    private readonly server: Server,
    private readonly options: PlainConnectionsOptions,
  ) {
    this.nodeListeners = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection').on('connection', (socket: Socket) => this.take(socket));
    this.sweeping = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  /**
   * From now on each answer is its connection's last one. Connections that wait for nothing are let go: those that were
   * in use just now a moment later, since their next request may be on its way already, and nobody sends one again that
   * found its connection closed.
   *
   * @param quietMs for how long nothing must have come
   */
  end(quietMs: number): void {
    clearInterval(this.sweeping);
    const quietSince = performance.now() - quietMs;
    for (const connection of this.connections) {
      connection.endsWithAnswer = true;
      if (connection.isIncomplete || connection.lastActiveAt <= quietSince) letGo(connection);
    }
    // Not in the timer itself: what came while this process had no time is read before that.
    setTimeout(() => setImmediate(() => this.connections.forEach(letGo)), quietMs).unref();
  }

  /** Whatever is on its way. */
  destroyAll(): void {
    for (const { socket } of this.connections) socket.destroy();
  }

  private take(socket: Socket): void {
    if (this.nodeSockets.has(socket)) return this.giveToNode(socket); // it is read anew: `upgrades.ts`
    const { options } = this;
    const connection: PlainConnection = new PlainConnection(socket, {
      keepAliveSeconds: Math.floor(options.keepAliveMs / 1_000),
      isPlain: options.isPlain,
      answer: options.answer,
      handOver: (unread) => {
        this.connections.delete(connection);
        this.giveToNode(socket);
        if (unread !== undefined) socket.unshift(unread);
      },
      closed: () => this.connections.delete(connection),
    });
    this.connections.add(connection);
  }

  private giveToNode(socket: Socket): void {
    this.nodeSockets.add(socket);
    for (const listener of this.nodeListeners) listener.call(this.server, socket);
  }

  private sweep(): void {
    const now = performance.now();
    const { keepAliveMs, arrivalMs } = this.options;
    for (const connection of this.connections) {
      const waitedMs = now - connection.lastActiveAt;
      if (connection.isIncomplete && waitedMs > arrivalMs) connection.giveToNode();
      else if (connection.isIdle && waitedMs > (connection.isNew ? arrivalMs : keepAliveMs))
        connection.close();
    }
  }
}

function letGo(connection: PlainConnection): void {
  if (connection.isIdle) connection.close();
  else if (connection.isIncomplete) connection.giveToNode();
}
