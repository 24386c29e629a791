import { createServer } from 'node:net';

/** Below those that systems give to whoever asks for any: nobody gets it by chance while its owner is away. */
const FIRST_PORT = 15_000;
const PORTS = 17_000;

/** Free a moment ago: for what cannot choose one itself, or must be found in the same place when it starts again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
