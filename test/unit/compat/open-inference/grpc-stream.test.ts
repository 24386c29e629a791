import { Duplex } from 'node:stream';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { InferStream, MAX_IN_FLIGHT } from '../../../../src/compat/open-inference/grpc-stream';

/** What a Duplex in object mode keeps beside what was taken from it. */
const BUFFERED = 16;

/** A call whose client sends without end, and reads only when told to. */
class EagerClient extends Duplex {
  sent = 0;
  readonly received: Buffer[] = [];
  private unread: (() => void)[] = [];
  reads = true;

  constructor(private readonly total: number) {
    super({ objectMode: true });
  }

  override _read(): void {
    if (this.sent >= this.total) return void this.push(null);
    this.sent += 1;
    this.push(Buffer.from(String(this.sent)));
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.received.push(chunk);
    if (this.reads) done();
    else this.unread.push(done);
  }

  readAll(): void {
    this.reads = true;
    for (const done of this.unread.splice(0)) done();
  }

  asCall(): ServerDuplexStream<Buffer, Buffer> {
    return this as unknown as ServerDuplexStream<Buffer, Buffer>;
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const statusOf = (error: unknown) => ({ code: 2, details: String(error) });

/** Turns of the event loop in which anything that could still move has moved. */
async function calm(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await settle();
}

test('no more requests are taken than may be in flight', async () => {
  const client = new EagerClient(1_000);
  const waiting: (() => void)[] = [];
  let taken = 0;
  new InferStream(client.asCall(), {
    answer: (message) => {
      taken += 1;
      return new Promise((resolve) => waiting.push(() => resolve(message)));
    },
    statusOf,
  });
  await calm();
  expect(taken).toBe(MAX_IN_FLIGHT);
  expect(client.sent).toBeLessThanOrEqual(MAX_IN_FLIGHT + BUFFERED + 1);
  waiting.shift()?.();
  await calm();
  expect(taken).toBe(MAX_IN_FLIGHT + 1);
  client.destroy();
});

test('a client that reads no answers is answered no more questions', async () => {
  const client = new EagerClient(1_000);
  client.reads = false;
  let taken = 0;
  new InferStream(client.asCall(), {
    answer: (message) => {
      taken += 1;
      return Promise.resolve(message);
    },
    statusOf,
  });
  await calm();
  expect(taken).toBe(MAX_IN_FLIGHT);
  client.readAll();
  const finished = new Promise((resolve) => client.on('finish', resolve));
  await finished;
  expect(taken).toBe(1_000);
  expect(client.received).toHaveLength(1_000);
});

test('a client that leaves is not worked for any longer', async () => {
  const client = new EagerClient(1);
  const aborted = new Promise<void>((resolve) => {
    new InferStream(client.asCall(), {
      answer: (message, signal) =>
        new Promise((answer) =>
          signal.addEventListener('abort', () => {
            resolve();
            answer(message);
          }),
        ),
      statusOf,
    });
  });
  await calm();
  client.emit('cancelled');
  client.destroy();
  await aborted;
  await calm();
  expect(client.received).toEqual([]);
});

test('whoever may not go on hears it after what is in flight', async () => {
  const client = new EagerClient(3);
  const ended = new Promise((resolve) => client.on('error', resolve));
  const answers: (() => void)[] = [];
  new InferStream(client.asCall(), {
    answer: (message) =>
      String(message) === '2'
        ? Promise.reject(new Error('revoked'))
        : new Promise((resolve) => answers.push(() => resolve(message))),
    statusOf,
  });
  await calm();
  for (const answer of answers) answer();
  expect(await ended).toEqual({ code: 2, details: 'Error: revoked' });
  expect(client.received.map(String)).toContain('1');
});
