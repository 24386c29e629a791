import { existsSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { join } from 'node:path';
import { program } from '../program';

/** Bytes of the PostgreSQL protocol for the worker; null asks it to close. */
export interface WorkerRequest {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer> | null;
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
/**
 * What a session begins with. The one session outlives its clients: what an earlier, perhaps destroyed, client left
 * behind goes. Nobody gathers statistics here, so the planner takes tables for as small as they were when a statement
 * was prepared, and would read all of a table for ever where there is an index: a point logged among 4,000 runs took 4
 * ms.
 */
const BEGINNING = ['ROLLBACK', 'DISCARD ALL', 'SET enable_seqscan = off'];

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

  /**
   * Opens the folder, making the database where there is none. The folder must be ours alone: take its lock first.
   *
   * Making one takes twice the memory that using it does, some 400 MB more, which come back when its thread ends.
   */
  static async open(dataDir: string): Promise<EmbeddedDatabase> {
    const isThere = existsSync(join(dataDir, 'PG_VERSION'));
    if (!isThere) await EmbeddedDatabase.start(dataDir).then((made) => made.stop());
    return EmbeddedDatabase.start(dataDir);
  }

  private static async start(dataDir: string): Promise<EmbeddedDatabase> {
    const path = program(join(__dirname, 'embedded-database-worker'));
    const database = new EmbeddedDatabase(new Worker(path, { workerData: { dataDir }, env: {} }));
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

  /** @param bytes the worker's from then on */
  private send(bytes: Uint8Array<ArrayBuffer> | null): Promise<Uint8Array> {
    if (this.stopped) return Promise.reject(this.stopped);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, bytes } satisfies WorkerRequest, bytes ? [bytes.buffer] : []);
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
  constructor(private readonly execute: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>) {
    super();
  }

  connect(): this {
    this.begin().then(
      () => this.emit('connect'),
      (error: Error) => this.destroy(error),
    );
    return this;
  }

  private async begin(): Promise<void> {
    for (const statement of BEGINNING) await this.execute(simpleQuery(statement));
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

function simpleQuery(sql: string): Uint8Array<ArrayBuffer> {
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.alloc(5);
  head.write('Q');
  head.writeInt32BE(4 + text.length, 1);
  return new Uint8Array(Buffer.concat([head, text]));
}
