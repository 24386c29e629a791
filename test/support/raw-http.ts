import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly by: string | undefined;
  readonly body: string;
}

/** What is answered to the bytes, sent in these pieces; until there are so many answers, or the server closes. */
export async function answers(
  port: number,
  pieces: readonly Buffer[],
  count: number,
): Promise<readonly Answer[]> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const reading = readAnswers(socket, count);
  for (const piece of pieces) {
    if (!socket.destroyed) socket.write(piece);
    await nextTurn();
  }
  const read = await reading;
  socket.destroy();
  return read;
}

export function readAnswers(socket: Socket, count: number): Promise<readonly Answer[]> {
  return new Promise((resolve) => {
    const found: Answer[] = [];
    let received = '';
    const look = () => {
      for (;;) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = received.slice(0, end);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (received.length < end + 4 + length) return;
        const body = received.slice(end + 4, end + 4 + length);
        found.push({ status: Number(head.slice(9, 12)), by: /x-by: (\w+)/.exec(head)?.[1], body });
        received = received.slice(end + 4 + length);
        if (found.length === count) return resolve(found);
      }
    };
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
      look();
    });
    socket.on('close', () => resolve(found));
  });
}

/** A request, as text. */
export const post = (path: string, body: string, ...headers: string[]) =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: a',
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');

export const bytes = (...texts: string[]) => [Buffer.from(texts.join(''), 'latin1')];

export const connections = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
