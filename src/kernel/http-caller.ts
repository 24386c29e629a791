import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const gone = new WeakMap<Socket, AbortSignal>();

/** Aborted when the caller's connection is lost: one signal a connection, since requests follow each other on it. */
export function callerGone({ socket }: IncomingMessage): AbortSignal {
  const known = gone.get(socket);
  if (known) return known;
  const leaving = new AbortController();
  socket.once('close', () => leaving.abort());
  gone.set(socket, leaving.signal);
  return leaving.signal;
}
