import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ServerProcess } from '../support/server-process';

let folder: string;
beforeAll(async () => (folder = await ServerProcess.newFolder()));
afterAll(() => ServerProcess.removeFolder(folder));

/** What an operator reads of a failed start: a sentence, and nothing of our insides. */
function fatal({ log }: ServerProcess): string | undefined {
  const line = log.find(({ level }) => level === 60);
  expect(line).not.toHaveProperty('err');
  return line?.msg;
}

test('a second server on the folder refuses to start and says who holds it', async () => {
  const first = await ServerProcess.start(folder);
  const second = await ServerProcess.start(folder);
  expect(await second.exited).toBe(1);
  expect(fatal(second)).toContain(`in use by process ${first.pid}`);
  expect(await first.data('{ __typename }')).toEqual({ __typename: 'Query' });
  expect(await first.kill('SIGTERM')).toBe(0);
});

test('the folder of a killed server is taken over', async () => {
  const first = await ServerProcess.start(folder);
  await first.kill();
  const second = await ServerProcess.start(folder);
  expect(await second.data('{ __typename }')).toEqual({ __typename: 'Query' });
  await second.kill('SIGTERM');
});

test('a port in use is named, with what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const server = await ServerProcess.start(folder, { PORT: String(port) });
  expect(await server.exited).toBe(1);
  expect(fatal(server)).toMatch(new RegExp(`${port}.*PORT`));
  other.close();
});

test('a database that is down at start is named', async () => {
  const server = await ServerProcess.start(folder, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' });
  expect(await server.exited).toBe(1);
  expect(fatal(server)).toMatch(/database.*ECONNREFUSED.*DATABASE_URL/i);
});

test('a configuration that makes no sense is refused before anything starts', async () => {
  const server = await ServerProcess.start(folder, { ONNX_WORKERS: 'many' });
  expect(await server.exited).toBe(2);
});

test('so is one that needs a package which is not installed', async () => {
  const server = await ServerProcess.start(folder, { CACHE_URL: 'mongodb://127.0.0.1/answers' });
  expect(await server.exited).toBe(2);
  expect(server.log).toEqual([]);
});

test('a variable by which a setting may have been meant is told, once, and the server starts', async () => {
  const server = await ServerProcess.start(folder, {
    CACHE_ULR: 'redis://127.0.0.1',
    MODELGRAPH_URL: 'http://x',
  });
  const warnings = server.log.filter(({ level }) => level === 40).map(({ msg }) => msg);
  expect(warnings).toEqual([expect.stringMatching(/CACHE_ULR is no setting .* did you mean CACHE_URL\?/)]);
  expect(await server.kill('SIGTERM')).toBe(0);
});
