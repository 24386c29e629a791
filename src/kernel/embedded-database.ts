import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { join } from 'node:path';
import { program } from './program';

/** Bytes of the PostgreSQL protocol for the worker; null asks it to close. */
export interface WorkerRequest {
  readonly id: number;
  readonly bytes: Uint8Array | null;
}
export type WorkerReply = { readonly id: number } & (
  { readonly bytes: Uint8Array<ArrayBuffer> } | { readonly error: string }
);

interface Waiting {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

/** Id of the message by which the worker says that the database is open. */
const READY = 0;
const TERMINATE = 0x58; // 'X', the protocol's goodbye

/** An embedded PostgreSQL in a worker thread. It has one session, so at most one stream may be in use. */
export class EmbeddedDatabase {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = READY;
  private stopping: Promise<void> | undefined;
  private stopped: Error | undefined;

  private constructor(private readonly worker: Worker) {
    worker.on('message', (reply: WorkerReply) => this.settle(reply));
    worker.on('error', (error) => this.fail(error));
    worker.on('exit', () => this.fail(new Error('The embedded database has stopped.')));
  }

  /** Opens the folder, making the database where there is none. The folder must be ours alone: take its lock first. */
  static async open(dataDir: string): Promise<EmbeddedDatabase> {
    const { path, execArgv } = program(join(__dirname, 'embedded-database-worker'));
    const database = new EmbeddedDatabase(
      new Worker(path, { workerData: { dataDir }, execArgv: [...execArgv], env: {} }),
    );
    await new Promise<Uint8Array>((resolve, reject) => database.waiting.set(READY, { resolve, reject }));
    return database;
  }

  /** A socket, as far as `pg` can tell. */
  stream(): Duplex {
    return new ProtocolStream((bytes) => this.send(bytes));
  }

  stop(): Promise<void> {
    this.stopping ??= this.send(null).then(
      () => undefined,
      () => undefined, // it has stopped by itself: nothing is left to do
    );
    return this.stopping;
  }

  private send(bytes: Uint8Array | null): Promise<Uint8Array> {
    if (this.stopped) return Promise.reject(this.stopped);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, bytes } satisfies WorkerRequest);
    });
  }

  private settle(reply: WorkerReply): void {
    const caller = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('error' in reply) caller?.reject(new Error(reply.error));
    else caller?.resolve(reply.bytes);
  }

  private fail(error: Error): void {
    this.stopped ??= error;
    for (const caller of this.waiting.values()) caller.reject(error);
    this.waiting.clear();
  }
}

/** Bytes written go to the database's protocol entry point; its answer is pushed back. */
class ProtocolStream extends Duplex {
  constructor(private readonly execute: (bytes: Uint8Array) => Promise<Uint8Array>) {
    super();
  }

  /** The one session outlives its clients: wipe what an earlier, perhaps destroyed, client left behind. */
  connect(): this {
    this.execute(simpleQuery('ROLLBACK'))
      .then(() => this.execute(simpleQuery('DISCARD ALL')))
      .then(
        () => this.emit('connect'),
        (error: Error) => this.destroy(error),
      );
    return this;
  }

  // `pg` sets these on its socket; here there is nothing to set.
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {
    // Answers are pushed when they come.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.forward(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.forward(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  private forward(bytes: Buffer, done: (error?: Error | null) => void): void {
    if (bytes.length === 5 && bytes[0] === TERMINATE) {
      done();
      this.push(null);
      return;
    }
    this.execute(new Uint8Array(bytes)).then((answer) => {
      if (answer.length > 0) this.push(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
      done();
    }, done);
  }
}

function simpleQuery(sql: string): Uint8Array {
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.alloc(5);
  head.write('Q');
  head.writeInt32BE(4 + text.length, 1);
  return new Uint8Array(Buffer.concat([head, text]));
}
