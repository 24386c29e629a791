import { connect, type Socket } from 'node:net';

const LINE_END = '\r\n';
const END_OF_HEAD = LINE_END + LINE_END;
const NOTHING = Buffer.alloc(0);

export interface Answer {
  readonly status: number;
  /** The status line and the headers. */
  readonly head: string;
  readonly body: Buffer;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/**
 * One kept connection; one request at a time. Much less than HTTP, on purpose: the load shares two cores with
 * the servers that it measures, so what it costs itself must not show.
 */
export class Connection {
  private received: Buffer = NOTHING;
  private waiting: Waiting | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('The server closed the connection.')));
  }

  static open(url: URL): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: url.hostname, port: Number(url.port) });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  ask(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headLength = this.received.indexOf(END_OF_HEAD);
    if (headLength < 0) return;
    const head = this.received.toString('latin1', 0, headLength);
    const bodyAt = headLength + END_OF_HEAD.length;
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const body =
      length === undefined
        ? chunkedBody(this.received, bodyAt)
        : wholeBody(this.received, bodyAt, Number(length));
    if (body === null) return;
    this.received = NOTHING;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), head, body });
  }

  private fail(error: Error): void {
    this.socket.destroy();
    this.waiting?.reject(error);
    this.waiting = undefined;
  }
}

/** Null: there is more to come. */
const wholeBody = (received: Buffer, at: number, length: number): Buffer | null =>
  received.length < at + length ? null : received.subarray(at, at + length);

/** Chunks, each with its size in hexadecimal before it, until one of size 0. */
function chunkedBody(received: Buffer, bodyAt: number): Buffer | null {
  const chunks: Buffer[] = [];
  for (let at = bodyAt; ;) {
    const lineEnd = received.indexOf(LINE_END, at);
    if (lineEnd < 0) return null;
    const size = parseInt(received.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error('An answer with neither content-length nor chunks.');
    const start = lineEnd + LINE_END.length;
    at = start + size + LINE_END.length;
    if (received.length < at) return null;
    if (size === 0) return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    chunks.push(received.subarray(start, start + size));
  }
}
