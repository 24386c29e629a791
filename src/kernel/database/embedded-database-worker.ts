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
        : database
            .runExclusive(() => database.execProtocolRaw(bytes))
            .then((answer) => {
              const copy = answer.slice();
              reply({ id, bytes: copy }, [copy.buffer]);
            });
    work.then(
      () => bytes === null && reply({ id, bytes: new Uint8Array() }),
      (error: unknown) => reply({ id, error: String(error) }),
    );
  });
  reply({ id: 0, bytes: new Uint8Array() });
}

void main();
