import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { TurnEnd } from '../../../src/http/turn-end';
import { Wire } from '../../../src/http/wire';

let http: Server;
let sockets: WebSocketServer;
beforeEach(async () => {
  http = createServer().listen(0, '127.0.0.1');
  sockets = new WebSocketServer({ server: http });
  await once(http, 'listening');
});
afterEach(() => {
  for (const client of sockets.clients) client.terminate();
  sockets.close();
  http.close();
});

/** Both ends of a socket. */
async function connect() {
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  const [[socket, request]] = (await Promise.all([once(sockets, 'connection'), once(client, 'open')])) as [
    [WebSocket, { socket: Socket }],
    unknown,
  ];
  return { client, stream: request.socket, wire: new Wire(socket, request.socket, new TurnEnd()) };
}

test('each operation’s events come under its id, in order', async () => {
  const { client, wire } = await connect();
  const heard: unknown[] = [];
  client.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())));
  const [one, other] = [wire.outlet('1'), wire.outlet('a "quoted" id')];
  one.send('{"data":1}');
  other.send('{"data":2}');
  one.send('{"data":"3"}');
  while (heard.length < 3) await once(client, 'message');
  expect(heard).toEqual([
    { id: '1', type: 'next', payload: { data: 1 } },
    { id: 'a "quoted" id', type: 'next', payload: { data: 2 } },
    { id: '1', type: 'next', payload: { data: '3' } },
  ]);
});

test('what is said in one turn leaves as one write, and the next turn is another', async () => {
  const { client, stream, wire } = await connect();
  const outlet = wire.outlet('1');
  const writes = jest.spyOn(stream, '_writev' as never);
  for (const turn of [1, 2]) {
    for (let event = 0; event < 20; event += 1) outlet.send('{}');
    expect(writes).toHaveBeenCalledTimes(turn - 1);
    await once(client, 'message');
    expect(writes).toHaveBeenCalledTimes(turn);
  }
});

test('a reader that stops fills its wire, and empties it when it goes on', async () => {
  const { client, wire } = await connect();
  const outlet = wire.outlet('1');
  client.pause();
  const event = JSON.stringify('x'.repeat(10_000));
  let sent = 0;
  for (; !outlet.isFull(); sent += 1) outlet.send(event);
  let heard = 0;
  client.on('message', () => (heard += 1));
  const room = Promise.all([outlet.hasRoom(), wire.outlet('2').hasRoom()]);
  client.resume();
  await room;
  expect(outlet.isFull()).toBe(false);
  while (heard < sent) await once(client, 'message');
});

test('nobody waits for room where the reader has gone', async () => {
  const { client, wire } = await connect();
  const outlet = wire.outlet('1');
  client.pause();
  while (!outlet.isFull()) outlet.send(JSON.stringify('x'.repeat(10_000)));
  const room = outlet.hasRoom();
  client.terminate();
  await room;
  outlet.send('{}');
  await outlet.hasRoom();
});
