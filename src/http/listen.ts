import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const NO_NAME = 'no such name is known. Choose an address of this machine with HOST';
/** Why a server cannot listen, and what to do, by the system's code. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has it. Choose another port with PORT, or stop what has it',
  EACCES: 'this user may not. Choose a port above 1023 with PORT',
  EADDRNOTAVAIL: 'this machine has no such address. Choose one that it has with HOST',
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
};

/** Resolves to the address in use; port 0 asks for any free one. Rejects, with what to do, where it cannot be had. */
export function listen(server: Server, host: string, port: number): Promise<string> {
  const name = host.includes(':') ? `[${host}]` : host;
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(notBound(`${name}:${port}`, error));
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      const { port: actualPort } = server.address() as AddressInfo;
      resolve(`http://${name}:${actualPort}`);
    });
  });
}

const notBound = (address: string, cause: NodeJS.ErrnoException): Error =>
  new Error(`HTTP cannot listen on ${address}: ${REASONS[cause.code ?? ''] ?? cause.message}.`, { cause });
