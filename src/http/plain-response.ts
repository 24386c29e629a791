import {
  STATUS_CODES,
  validateHeaderValue,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
} from 'node:http';
import type { Socket } from 'node:net';
import type { HttpResponse } from '../kernel/http/http-exchange';
import { httpDate } from './http-date';

/** What of a connection an answer needs to know. */
export interface AnsweredConnection {
  readonly socket: Socket;
  /** For how long it is kept for the next request, in s. */
  readonly keepAliveSeconds: number;
  readonly endsWithAnswer: boolean;
  /** The answer has been written as a whole. */
  answered(keepsAlive: boolean): void;
}

/** An answer whose length is known when it begins: its head and a text leave as one write. */
export class PlainResponse implements HttpResponse {
  shouldKeepAlive = true;
  headersSent = false;
  /** What was set before the head was made, by names in lower case. */
  private early: Map<string, string> | undefined;
  private head = '';
  private hasLength = false;
  private hasEnded = false;
  private isCorked = false;

  constructor(private readonly connection: AnsweredConnection) {}

  get destroyed(): boolean {
    return this.connection.socket.destroyed;
  }

  setHeader(name: string, value: string | number): void {
    if (this.headersSent) throw new Error(`The head is made already: ${name} comes too late.`);
    validateHeaderValue(name, String(value));
    (this.early ??= new Map()).set(name.toLowerCase(), String(value));
  }

  /** Headers given here come in the place of those that were set before. */
  writeHead(status: number, headers: OutgoingHttpHeaders | OutgoingHttpHeader[]): void {
    if (this.headersSent) throw new Error('The head is made already.');
    const { connection, early } = this;
    let lines = '';
    const add = (name: string, value: OutgoingHttpHeader | undefined): void => {
      if (value === undefined) return;
      const text = String(value);
      validateHeaderValue(name, text);
      early?.delete(name.toLowerCase());
      lines += `${name}: ${text}\r\n`;
    };
    if (Array.isArray(headers)) {
      for (let at = 0; at + 1 < headers.length; at += 2) add(String(headers[at]), headers[at + 1]);
    } else {
      for (const name in headers) add(name, headers[name]);
    }
    if (early?.get('connection') === 'close' || connection.endsWithAnswer) this.shouldKeepAlive = false;
    early?.delete('connection'); // said once, below
    for (const [name, value] of early ?? []) lines += `${name}: ${value}\r\n`;
    const kept = this.shouldKeepAlive
      ? `Connection: keep-alive\r\nKeep-Alive: timeout=${connection.keepAliveSeconds}\r\n`
      : 'Connection: close\r\n';
    this.head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n${lines}Date: ${httpDate()}\r\n${kept}`;
    this.hasLength = /^content-length:/im.test(lines);
    this.headersSent = true;
  }

  cork(): void {
    this.isCorked = true;
    this.connection.socket.cork();
  }

  write(piece: Uint8Array): void {
    this.flushHead();
    this.connection.socket.write(piece);
  }

  end(text = '', encoding: 'utf8' | 'latin1' = 'utf8'): void {
    if (this.hasEnded) throw new Error('The answer has ended already.');
    this.hasEnded = true;
    const { socket } = this.connection;
    if (this.head !== '') {
      const length = this.hasLength ? '' : `Content-Length: ${Buffer.byteLength(text, encoding)}\r\n`;
      socket.write(`${this.head}${length}\r\n${text}`, encoding);
      this.head = '';
    } else if (text !== '') socket.write(text, encoding);
    if (this.isCorked) socket.uncork();
    this.connection.answered(this.shouldKeepAlive);
  }

  destroy(): void {
    this.connection.socket.destroy();
  }

  private flushHead(): void {
    if (this.head === '') return;
    if (!this.hasLength) throw new Error('An answer in pieces must say how long it is.');
    this.connection.socket.write(`${this.head}\r\n`, 'latin1');
    this.head = '';
  }
}
