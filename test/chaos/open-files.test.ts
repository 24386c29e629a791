import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ServerProcess } from '../support/server-process';

let folder: string;
beforeAll(async () => (folder = await ServerProcess.newFolder()));
afterAll(() => ServerProcess.removeFolder(folder));

test('a start with too few files is refused in a sentence that says what to do', async () => {
  const server = await ServerProcess.start(folder, {}, { openFiles: 64 });
  expect(await server.exited).toBe(1);
  const last = server.log.at(-1);
  expect(last).toMatchObject({ level: 60, msg: expect.stringMatching(/64 files .*ulimit -n/) });
  expect(last).not.toHaveProperty('err');
});

test('connections beyond what the system allows are refused and told; who is in is answered, and others later', async () => {
  const server = await ServerProcess.start(folder, {}, { openFiles: 256 });
  const port = Number(new URL(server.url).port);
  const sockets = Array.from({ length: 400 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  const closed = new Set<Socket>();
  await new Promise<void>((resolve) => {
    for (const socket of sockets)
      socket.on('close', () => {
        if (closed.add(socket).size === 400 - 64) resolve();
      });
  });
  const isIn = sockets.find((socket) => !closed.has(socket)) as Socket;
  isIn.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
  expect(String((await once(isIn, 'data'))[0])).toContain('200 OK');
  expect(server.log.filter(({ level }) => level >= 40)).toEqual([
    expect.objectContaining({
      level: 40,
      connections: 64,
      msg: expect.stringMatching(/of the 256 .*ulimit -n/),
    }),
  ]);
  for (const socket of sockets) socket.destroy();
  const isAnswered = () => server.data('{ models { nodes { name } } }').catch(() => null);
  while ((await isAnswered()) === null);
  expect(await server.kill('SIGTERM')).toBe(0);
});
