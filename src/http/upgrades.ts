import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';

/** What makes a request an offer of another protocol. */
const OFFER_HEADERS: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/**
 * WebSockets are taken; whatever else is offered is passed over, as a server may (RFC 9110, 7.8): Java's client offers
 * HTTP/2 with whatever it asks, and so does `curl --http2`. Node 20 can only take all offers or none, so such a request
 * is put back without its offer, and node:http reads its connection anew.
 */
export function takeUpgrades(server: Server, sockets: WebSocketServer): void {
  const lastAnswers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    lastAnswers.set(socket, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, rest: Buffer) => {
    // Node hands it over while it still answers what came before: two answers at once would mix. And nothing would
    // bound what a client sends ahead of its answers, since each of its offers takes more of it in.
    if (lastAnswers.get(socket)?.writableFinished === false) return void socket.destroy();
    if (request.headers.upgrade?.toLowerCase() === 'websocket') {
      sockets.handleUpgrade(request, socket, rest, (webSocket) => {
        sockets.emit('connection', webSocket, request);
      });
      return;
    }
    server.emit('connection', socket);
    socket.unshift(Buffer.concat([headWithoutOffer(request), rest]));
  });
}

/** Everything that frames the body stays as it was sent. */
function headWithoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    if (OFFER_HEADERS.has(name.toLowerCase())) continue;
    const kept = name.toLowerCase() === 'connection' ? withoutOffer(value) : value;
    if (kept !== '' || kept === value) lines.push(`${name}: ${kept}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

const withoutOffer = (connection: string): string =>
  connection
    .split(',')
    .map((option) => option.trim())
    .filter((option) => !OFFER_HEADERS.has(option.toLowerCase()))
    .join(', ');
