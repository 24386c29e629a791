import { createServer, type AddressInfo } from 'node:net';

/** Free a moment ago: for what cannot choose one itself, or must be found in the same place when it starts again. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
