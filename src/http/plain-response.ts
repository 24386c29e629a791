import {
  STATUS_CODES,
  validateHeaderValue,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
} from 'node:http';
import type { Socket } from 'node:net';
import type { HttpResponse } from '../kernel/http-exchange';
import { httpDate } from './http-date';

/** What of a connection an answer needs to know. */
export interface AnsweredConnection {
  readonly socket: Socket;
  /** For how long it is kept for the next request, in s. */
  readonly keepAliveSeconds: number;
  /** The answer has been written as a whole. */
  answered(keepsAlive: boolean): void;
}

/** An answer whose length is known when it begins: its head and a text leave as one write. */
export class PlainResponse implements HttpResponse {
  shouldKeepAlive = true;
  headersSent = false;
  private early = '';
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
    this.early += this.line(name, value);
  }

  writeHead(status: number, headers: OutgoingHttpHeaders | OutgoingHttpHeader[]): void {
    if (this.headersSent) throw new Error('The head is made already.');
    let lines = this.early;
    if (Array.isArray(headers)) {
      for (let at = 0; at + 1 < headers.length; at += 2)
        lines += this.line(headers[at] as string, headers[at + 1] as string);
    } else {
      for (const name in headers) {
        const value = headers[name];
        if (value !== undefined) lines += this.line(name, value as string | number);
      }
    }
    this.headersSent = true;
    const kept = this.shouldKeepAlive
      ? `Connection: keep-alive\r\nKeep-Alive: timeout=${this.connection.keepAliveSeconds}\r\n`
      : 'Connection: close\r\n';
    this.head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n${lines}Date: ${httpDate()}\r\n${kept}`;
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

  private line(name: string, value: string | number): string {
    const text = String(value);
    validateHeaderValue(name, text);
    const lower = name.toLowerCase();
    if (lower === 'content-length') this.hasLength = true;
    if (lower !== 'connection') return `${name}: ${text}\r\n`;
    if (text === 'close') this.shouldKeepAlive = false;
    return ''; // what becomes of the connection is said once, when the head is made
  }
}
