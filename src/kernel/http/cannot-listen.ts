import { CannotStart } from '../cannot-start';

const NO_NAME = () => 'no such name is known. Choose an address of this machine with HOST';

/** Why a server cannot listen, and what to do, by the system's code; `port` is the variable that says which port. */
const REASONS: Readonly<Record<string, (port: string) => string>> = {
  EADDRINUSE: (port) => `another program has it. Choose another port with ${port}, or stop what has it`,
  EACCES: (port) => `this user may not. Choose a port above 1023 with ${port}`,
  EADDRNOTAVAIL: () => 'this machine has no such address. Choose one that it has with HOST',
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
};

/** A host as it stands before a port. */
export const hostInAddress = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** @param cause has the system's code, or names it in its message, as gRPC's library does */
export function cannotListen(what: 'HTTP' | 'gRPC', address: string, port: string, cause: Error): Error {
  const { code } = cause as NodeJS.ErrnoException;
  const named = code ?? Object.keys(REASONS).find((known) => cause.message.includes(known));
  const why = REASONS[named ?? '']?.(port) ?? cause.message;
  return new CannotStart(`${what} cannot listen on ${address}: ${why}.`, { cause });
}
