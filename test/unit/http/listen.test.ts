import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listen } from '../../../src/http/listen';

const server = createServer();
beforeAll(() => listen(server, '127.0.0.1', 0));
afterAll(() => new Promise((resolve) => server.close(resolve)));

const refused = (host: string, port: number) => listen(createServer(), host, port);

test('a port in use is named, with the setting that chooses another', async () => {
  const { port } = server.address() as AddressInfo;
  await expect(refused('127.0.0.1', port)).rejects.toThrow(
    `HTTP cannot listen on 127.0.0.1:${port}: another program has it. Choose another port with PORT, or stop what has it.`,
  );
});

test.each([
  ['192.0.2.1', 'this machine has no such address'],
  ['nobody.invalid', 'no such name is known'],
])('an address that is not this machine’s is named, with its setting: %s', async (host, why) => {
  await expect(refused(host, 0)).rejects.toThrow(
    new RegExp(`^HTTP cannot listen on ${host}:0: ${why}\\. Choose .* with HOST\\.$`),
  );
});
