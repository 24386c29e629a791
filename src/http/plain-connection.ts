import type { Socket } from 'node:net';
import type { HttpResponse, WholeRequest } from '../kernel/http/http-exchange';
import { readPlainHead, type PlainHead } from './plain-head';
import { PlainResponse, type AnsweredConnection } from './plain-response';

/** Pieces that a request may come in: some clients write the head and the body apart, nobody byte by byte. */
const MAX_PIECES = 8;
/** How many times its own size a body may keep in memory: heads are a few hundred bytes. */
const MAX_KEPT_SHARE = 4;
/** Bytes of answers that may wait for a client to read them before its next request is looked at. */
const MAX_WAITING_ANSWER_BYTES = 64 * 1024;

export interface PlainConnectionNeeds {
  readonly keepAliveSeconds: number;
  /** Whether requests for this path and query may be answered here. */
  isPlain(url: string): boolean;
  answer(request: WholeRequest, response: HttpResponse): void;
  /** Takes the connection over, from its next byte on: what was read of it comes first. */
  handOver(unread: Buffer | undefined): void;
  closed(): void;
}

/**
 * A connection of which plain requests are read here, whole and one at a time. With the first one that is not plain, it
 * is handed over to node:http, at the very byte where that request begins, and never comes back.
 */
export class PlainConnection implements AnsweredConnection {
  readonly keepAliveSeconds: number;
  /** When something last came or was answered, on performance.now()'s clock. */
  lastActiveAt = performance.now();
  /** It has had no answer yet. */
  isNew = true;
  /** The answer that is being made is its last: the server stops. */
  endsWithAnswer = false;
  private state: 'waiting' | 'answering' | 'left' = 'waiting';
  private unread: Buffer | undefined;
  private head: PlainHead | null = null;
  private pieces = 0;

  constructor(
    readonly socket: Socket,
    private readonly needs: PlainConnectionNeeds,
  ) {
    this.keepAliveSeconds = needs.keepAliveSeconds;
    socket.on('data', this.onData).on('end', this.onEnd).on('error', this.onError).on('close', this.onClose);
  }

  /** Nothing is on its way, in either direction. */
  get isIdle(): boolean {
    return this.state === 'waiting' && this.unread === undefined;
  }

  /** A request has begun to arrive. */
  get isIncomplete(): boolean {
    return this.state === 'waiting' && this.unread !== undefined;
  }

  answered(keepsAlive: boolean): void {
    const { socket } = this;
    this.lastActiveAt = performance.now();
    this.isNew = false;
    if (this.state === 'left') return;
    if (!keepsAlive) return this.close();
    if (socket.writableLength > MAX_WAITING_ANSWER_BYTES) return void socket.once('drain', this.goOn);
    this.goOn();
  }

  /** Node reads on, from the first byte that has no answer yet. */
  giveToNode(): void {
    const { socket, unread } = this;
    this.unread = undefined;
    this.state = 'left';
    socket
      .off('data', this.onData)
      .off('end', this.onEnd)
      .off('error', this.onError)
      .off('close', this.onClose);
    this.readOn();
    this.needs.handOver(unread);
  }

  /** Closes it once what is written has left. */
  close(): void {
    this.state = 'left';
    this.socket.destroySoon();
  }

  private readonly onData = (chunk: Buffer): void => {
    this.lastActiveAt = performance.now();
    this.pieces += 1;
    this.unread = this.unread === undefined ? chunk : Buffer.concat([this.unread, chunk]);
    if (this.state === 'waiting') this.look();
    else this.socket.pause(); // one after the other: more is read when what is there has its answers
  };

  private readonly goOn = (): void => {
    if (this.state !== 'answering') return;
    this.state = 'waiting';
    this.pieces = 0;
    // Not at once: answers that need no wait would be made deeper and deeper in each other.
    if (this.unread !== undefined) setImmediate(this.look);
    else this.readOn();
  };

  private readOn(): void {
    if (this.socket.isPaused()) this.socket.resume();
  }

  /** Answers the request that the unread bytes begin with, once it is whole. */
  private readonly look = (): void => {
    const { unread, socket } = this;
    // A client that has left is known by the answer that could not be written; 'close' may come later.
    if (unread === undefined || this.state !== 'waiting' || socket.destroyed) return;
    const head = (this.head ??= readPlainHead(unread));
    if (head === null || !this.needs.isPlain(head.url)) return this.giveToNode();
    const end = head.bodyStart + head.bodyLength;
    if (unread.length < end) {
      if (this.pieces >= MAX_PIECES) this.giveToNode();
      else this.readOn();
      return;
    }
    this.head = null;
    this.unread = unread.length === end ? undefined : unread.subarray(end);
    if (this.unread !== undefined) socket.pause();
    this.state = 'answering';
    const { method, url, headers } = head;
    const body = bodyIn(unread, head.bodyStart, end);
    this.needs.answer({ method, url, headers, socket, body }, new PlainResponse(this));
  };

  /** Who sends nothing more is taken to have left, as node:http does: nobody half-closes to wait for an answer. */
  private readonly onEnd = (): void => this.close();

  private readonly onError = (): void => undefined; // 'close' follows, and the answer finds that nobody hears it

  private readonly onClose = (): void => {
    this.state = 'left';
    this.unread = undefined; // what it asked beside is done for nobody
    this.needs.closed();
  };
}

/** A view, unless it would keep much more in memory than it is. */
function bodyIn(bytes: Buffer, start: number, end: number): Buffer {
  const body = bytes.subarray(start, end);
  return body.length * MAX_KEPT_SHARE < bytes.length ? Buffer.from(body) : body;
}
