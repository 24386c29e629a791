import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { PlainConnections } from '../../../src/http/plain-connections';
import { takeUpgrades } from '../../../src/http/upgrades';
import { answers, bytes, post, readAnswers } from '../../support/raw-http';

/** As Java's client offers HTTP/2, and `curl --http2`. */
const OFFER = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
const CLOSE = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

let server: Server;
let plain: PlainConnections;
let sockets: WebSocketServer;
let port: number;
beforeEach(async () => {
  const say = (request: Pick<IncomingMessage, 'url' | 'headers'>, body: Buffer) =>
    JSON.stringify({ url: request.url, headers: request.headers, body: body.toString() });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/never') return;
      const text = say(request, Buffer.concat(chunks));
      response.writeHead(200, { 'x-by': 'node', 'content-length': Buffer.byteLength(text) }).end(text);
    });
  });
  plain = new PlainConnections(server, {
    isPlain: (url) => url.startsWith('/plain'),
    answer: (request, response) => {
      response.writeHead(200, ['x-by', 'plain']);
      response.end(say(request, request.body));
    },
    keepAliveMs: 65_000,
    arrivalMs: 10_000,
  });
  sockets = new WebSocketServer({ noServer: true, path: '/socket' });
  takeUpgrades(server, sockets);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  plain.destroyAll();
  plain.end(0);
  sockets.close();
  server.close();
  server.closeAllConnections();
});

const chunked = (path: string, ...headers: string[]) =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: a',
    ...headers,
    'Transfer-Encoding: chunked',
    '',
    '3\r\ntwo\r\n0\r\n\r\n',
  ].join('\r\n');

test.each([
  ['a length', post('/plain', 'one', ...OFFER), 'host,content-length'],
  ['chunks', chunked('/node', ...OFFER), 'host,transfer-encoding'],
])(
  'a request with %s that offers another protocol is answered as if it had not',
  async (_what, text, names) => {
    const [answer, last] = await answers(port, bytes(post('/plain', 'before'), text, CLOSE), Infinity).then(
      ([, ...after]) => after,
    );
    const { headers, body } = JSON.parse(answer?.body ?? '') as { headers: object; body: string };
    expect([answer?.status, Object.keys(headers).join()]).toEqual([200, names]);
    expect(body).toMatch(/^(one|two)$/);
    expect(last).toMatchObject({ status: 200, by: 'node' });
  },
);

test('it may come in any two pieces', async () => {
  const whole = Buffer.from(`${post('/node', 'one', ...OFFER)}${CLOSE}`);
  const expected = [expect.objectContaining({ status: 200 }), expect.objectContaining({ status: 200 })];
  for (let cut = 1; cut < whole.length; cut += 1)
    expect(await answers(port, [whole.subarray(0, cut), whole.subarray(cut)], Infinity)).toEqual(expected);
});

test('what else a request says of its connection stays said', async () => {
  const last = post('/node', 'x', 'Connection: close, upgrade', 'Upgrade: h2c');
  expect(await answers(port, bytes(last), Infinity)).toHaveLength(1); // the server has closed
});

test('a connection may offer with every request', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  const socket = connect(port, '127.0.0.1');
  for (let at = 0; at < 100; at += 1) {
    socket.write(post(at % 2 ? '/plain' : '/node', String(at), ...OFFER));
    const [answer] = await readAnswers(socket, 1);
    expect(answer?.body).toContain(`"body":"${at}"`);
    socket.removeAllListeners('data').removeAllListeners('close');
  }
  socket.destroy();
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

test.each([OFFER, ['Connection: Upgrade', 'Upgrade: websocket']])(
  'an offer ahead of an answer ends the connection: two answers would mix (%s)',
  async (...offer) => {
    const late = post('/never', 'x');
    expect(await answers(port, bytes(late, post('/plain', 'x', ...offer)), Infinity)).toEqual([]);
  },
);

test('a client that offers and leaves costs nothing more', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write(post('/node', 'x', ...OFFER).slice(0, -1));
  await once(server, 'connection');
  socket.resetAndDestroy();
  const other = connect(port, '127.0.0.1');
  other.write(post('/plain', 'x', ...OFFER));
  expect((await readAnswers(other, 1))[0]?.status).toBe(200);
  other.destroy();
});

test('a WebSocket is taken', async () => {
  sockets.on('connection', (socket) =>
    socket.on('message', (text: Buffer) => socket.send(`${text.toString()} back`)),
  );
  const client = new WebSocket(`ws://127.0.0.1:${port}/socket`);
  await once(client, 'open');
  client.send('there and');
  expect(String((await once(client, 'message'))[0])).toBe('there and back');
  client.terminate();
});
