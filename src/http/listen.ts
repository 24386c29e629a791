import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cannotListen, hostInAddress } from '../kernel/http/cannot-listen';

/** Resolves to the address in use; port 0 asks for any free one. Rejects, with what to do, where it cannot be had. */
export function listen(server: Server, host: string, port: number): Promise<string> {
  const name = hostInAddress(host);
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) =>
      reject(cannotListen('HTTP', `${name}:${port}`, 'PORT', error));
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      const { port: actualPort } = server.address() as AddressInfo;
      resolve(`http://${name}:${actualPort}`);
    });
  });
}
