import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Outlet } from '../graphql/outlet';
import type { TurnEnd } from './turn-end';

/**
 * Bytes that may wait in a socket before its subscriptions fall behind: some hundred events, or half a second of a
 * busy stream. The operating system takes about as much again.
 */
const MAX_WAITING_BYTES = 256 * 1024;

/**
 * A socket as subscriptions write to it: what they say within one turn of the event loop leaves together, and they can
 * see when their reader is slow.
 */
export class Wire {
  private isCorked = false;
  private room: Promise<void> | undefined;

  /** @param stream what the socket writes to */
  constructor(
    private readonly socket: WebSocket,
    private readonly stream: Duplex,
    private readonly turnEnd: TurnEnd,
  ) {}

  /** Where the events of the operation with this id go. */
  outlet(id: string): Outlet {
    const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    return {
      send: (payload) => this.send(`${head}${payload}}`),
      isFull: () => this.isFull(),
      hasRoom: () => (this.isFull() ? this.drained() : Promise.resolve()),
    };
  }

  private send(message: string): void {
    if (!this.isCorked) {
      this.isCorked = true;
      this.stream.cork();
      this.turnEnd.add(this.uncork);
    }
    this.socket.send(message);
  }

  private readonly uncork = () => {
    this.isCorked = false;
    this.stream.uncork();
  };

  private isFull(): boolean {
    return this.socket.bufferedAmount > MAX_WAITING_BYTES && !this.stream.destroyed;
  }

  /** One pair of listeners, however many subscriptions wait. */
  private drained(): Promise<void> {
    this.room ??= new Promise((resolve) => {
      const done = () => {
        this.stream.off('drain', done).off('close', done);
        this.room = undefined;
        resolve();
      };
      this.stream.on('drain', done).on('close', done);
    });
    return this.room;
  }
}
