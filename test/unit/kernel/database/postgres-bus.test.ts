import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createLogger } from '../../../../src/kernel/logger';
import { PostgresBus } from '../../../../src/kernel/database/postgres-bus';

/** More than the bus gives a goodbye, and less than it waits for a connection. */
const SOON_MS = 4_900;
const AUTHENTICATED = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const LISTENING = Buffer.from('C\0\0\0\x0bLISTEN\0', 'latin1');
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1');

let server: Server;
let sockets: Socket[];
/** What the server answers to one message after the other; then it is as good as frozen: it does not even hang up. */
async function serverThatAnswers(...answers: readonly Buffer[]): Promise<PostgresBus> {
  sockets = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    const left = answers.values();
    socket.on('data', () => socket.write(left.next().value ?? ''));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return new PostgresBus(`postgres://nobody@127.0.0.1:${port}/nothing`, createLogger('silent'));
}
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('it stops soon when PostgreSQL does not answer the goodbye', async () => {
  const bus = await serverThatAnswers(
    Buffer.concat([AUTHENTICATED, READY]),
    Buffer.concat([LISTENING, READY]),
  );
  await bus.start();
  const stoppedAt = performance.now();
  await Promise.all([bus.stop(), bus.stop()]);
  expect(performance.now() - stoppedAt).toBeLessThan(SOON_MS);
});

test('it stops soon while it waits for PostgreSQL to take its connection', async () => {
  const bus = await serverThatAnswers();
  const isConnected = new Promise((resolve) => server.once('connection', resolve));
  void bus.start().catch(() => undefined);
  await isConnected;
  const stoppedAt = performance.now();
  await bus.stop();
  expect(performance.now() - stoppedAt).toBeLessThan(SOON_MS);
});

test('it stops when it never had a connection', async () => {
  const bus = await serverThatAnswers();
  await bus.stop();
  expect(sockets).toEqual([]);
});
