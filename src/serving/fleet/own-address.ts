import { networkInterfaces } from 'node:os';

/** Listening on these means on every interface: they are no address to be called at. */
const EVERY_INTERFACE = ['0.0.0.0', '::'];

/**
 * `host:port` at which others reach this machine, where its gRPC door listens on `address`. Of several interfaces it is
 * the first one, as in a container there is only one; elsewhere WORKER_URL says which.
 */
export function ownAddress(address: string, interfaces = networkInterfaces()): string {
  const { hostname, port } = new URL(`grpc://${address}`);
  if (!EVERY_INTERFACE.includes(hostname.replace(/^\[|\]$/g, ''))) return address;
  const outside = Object.values(interfaces).flatMap((of) => (of ?? []).filter(({ internal }) => !internal));
  const chosen = outside.find(({ family }) => family === 'IPv4') ?? outside[0];
  if (chosen === undefined) return `127.0.0.1:${port}`;
  return chosen.family === 'IPv4' ? `${chosen.address}:${port}` : `[${chosen.address}]:${port}`;
}
