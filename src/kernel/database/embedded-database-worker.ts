import { PGlite } from '@electric-sql/pglite';
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerReply, WorkerRequest } from './embedded-database';

/** The embedded PostgreSQL, in a thread of its own so that a long statement never blocks the server. */
async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('This file runs as a worker thread.');
  const reply = (message: WorkerReply, transfer: readonly ArrayBuffer[] = []) =>
    port.postMessage(message, [...transfer]);
  const database = await PGlite.create({ dataDir: (workerData as { dataDir: string }).dataDir });
  port.on('message', ({ id, bytes }: WorkerRequest) => {
    const work =
      bytes === null
        ? database.close().then(() => port.close())
        : answerTo(database, bytes).then((answer) => reply({ id, bytes: answer }, [answer.buffer]));
    work.then(
      () => bytes === null && reply({ id, bytes: new Uint8Array() }),
      (error: unknown) => reply({ id, error: String(error) }),
    );
  });
  reply({ id: 0, bytes: new Uint8Array() });
}

/** Not by `execProtocolRaw`, which keeps all that was ever answered. */
async function answerTo(database: PGlite, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const onRawData = (part: Uint8Array) => parts.push(part.slice()); // it is the database's memory
  await database.runExclusive(() => database.execProtocolRawStream(bytes, { onRawData }));
  return joined(parts);
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

void main();
