import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { once } from 'node:events';
import fc from 'fast-check';
import { PlainConnections, type PlainConnectionsOptions } from '../../../src/http/plain-connections';
import type { HttpResponse } from '../../../src/kernel/http/http-exchange';
import { answers, bytes, connections, post, readAnswers, type Answer } from '../../support/raw-http';
import { until } from '../../support/until';

/** Says what it was asked; `/later` does so in a later turn. */
function echo(
  {
    method,
    url,
    headers,
    body,
  }: { method?: string; url?: string; headers: IncomingHttpHeaders; body: Buffer },
  response: HttpResponse,
  by: string,
): void {
  const text = JSON.stringify({ method, url, headers, body: body.toString('latin1') });
  const answer = () => {
    response.writeHead(200, ['x-by', by, 'content-length', String(Buffer.byteLength(text))]);
    response.end(text);
  };
  if (url === '/later') setImmediate(answer);
  else answer();
}

function nodeServer(): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => echo({ ...requestLine(request), body: Buffer.concat(chunks) }, response, 'node'));
  });
}
const requestLine = ({
  method,
  url,
  headers,
}: {
  method?: string;
  url?: string;
  headers: IncomingHttpHeaders;
}) => ({
  ...(method !== undefined && { method }),
  ...(url !== undefined && { url }),
  headers,
});

const opened: { server: Server; plain?: PlainConnections }[] = [];

async function listening(server: Server, plain?: PlainConnections): Promise<number> {
  opened.push({ server, ...(plain && { plain }) });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

const plainOptions: PlainConnectionsOptions = {
  isPlain: (url) => !url.startsWith('/node'),
  answer: (request, response) => echo(request, response, 'plain'),
  keepAliveMs: 65_000,
  arrivalMs: 10_000,
};

function plainServer(options: Partial<PlainConnectionsOptions> = {}): {
  server: Server;
  plain: PlainConnections;
} {
  const server = nodeServer();
  return { server, plain: new PlainConnections(server, { ...plainOptions, ...options }) };
}

afterEach(() => {
  for (const { server, plain } of opened.splice(0)) {
    plain?.destroyAll();
    plain?.end(0);
    server.close();
    server.closeAllConnections();
  }
});

test('a plain request is answered here, and so is the next one of its connection', async () => {
  const { server, plain } = plainServer();
  const port = await listening(server, plain);
  const two = await answers(port, bytes(post('/a', 'one'), post('/b', 'two')), 2);
  expect(two.map(({ by }) => by)).toEqual(['plain', 'plain']);
  expect(two.map(({ body }) => (JSON.parse(body) as { body: string }).body)).toEqual(['one', 'two']);
});

test('a request that is not plain takes its connection to node:http, which answers all after it', async () => {
  const { server, plain } = plainServer();
  const port = await listening(server, plain);
  const chunked = 'POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n';
  const three = await answers(port, bytes(post('/a', 'one'), chunked, post('/c', 'three')), 3);
  expect(three.map(({ by }) => by)).toEqual(['plain', 'node', 'node']);
  expect(three.map(({ body }) => (JSON.parse(body) as { body: string }).body)).toEqual([
    'one',
    'two',
    'three',
  ]);
});

test('a path that is not to be answered here goes to node:http', async () => {
  const { server, plain } = plainServer();
  const [only] = await answers(await listening(server, plain), bytes(post('/node', 'x')), 1);
  expect(only?.by).toBe('node');
});

test('head and body may come apart, and a body in some pieces', async () => {
  const { server, plain } = plainServer();
  const [first = '', rest = ''] = post('/a', 'abcdef').split('\r\n\r\n');
  const pieces = [`${first}\r\n\r\n`, rest.slice(0, 2), rest.slice(2, 4), rest.slice(4)].map((one) =>
    Buffer.from(one),
  );
  const [only] = await answers(await listening(server, plain), pieces, 1);
  expect(only?.by).toBe('plain');
  expect((JSON.parse(only?.body ?? '') as { body: string }).body).toBe('abcdef');
});

test('a body that comes byte by byte is node:http’s, and is whole', async () => {
  const { server, plain } = plainServer();
  const text = post('/a', 'a'.repeat(40));
  const bodyAt = text.indexOf('\r\n\r\n') + 4;
  const pieces = [text.slice(0, bodyAt), ...text.slice(bodyAt)].map((one) => Buffer.from(one));
  const port = await listening(server, plain);
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  const reading = readAnswers(socket, 1);
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const [only] = await reading;
  socket.destroy();
  expect((JSON.parse(only?.body ?? '') as { body: string }).body).toBe('a'.repeat(40));
});

test('a large body is node:http’s from its first piece on, and is whole', async () => {
  const { server, plain } = plainServer();
  const port = await listening(server, plain);
  const body = 'a'.repeat(600_000);
  const text = post('/a', body);
  const socket = connect(port, '127.0.0.1');
  const reading = readAnswers(socket, 1);
  const taken = once(server, 'request');
  socket.write(text.slice(0, 1_000));
  await taken;
  socket.write(text.slice(1_000));
  const [only] = await reading;
  socket.destroy();
  expect((JSON.parse(only?.body ?? '') as { body: string }).body).toBe(body);
});

test('many requests at once on one connection are answered one after the other, without end of the stack', async () => {
  const { server, plain } = plainServer();
  const count = 2_000;
  const port = await listening(server, plain);
  const all = await answers(
    port,
    bytes(...Array.from({ length: count }, (_, at) => post('/a', String(at)))),
    count,
  );
  expect(all.map(({ body }) => (JSON.parse(body) as { body: string }).body)).toEqual(
    Array.from({ length: count }, (_, at) => String(at)),
  );
});

test('of what a client sends ahead of its answers, little is taken in', async () => {
  const one = Buffer.from(post('/a', 'x'));
  const count = Math.ceil((8 * 1024 * 1024) / one.length);
  let usedBytes = 0;
  let mostAhead = 0;
  let answered = 0;
  const { server, plain } = plainServer({
    answer: ({ socket }, response) => {
      mostAhead = Math.max(mostAhead, socket.bytesRead - usedBytes);
      usedBytes += one.length;
      answered += 1;
      response.writeHead(200, ['content-length', '0']);
      response.end();
    },
  });
  const socket = connect(await listening(server, plain), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(Buffer.concat(Array.from({ length: count }, () => one)));
  await readAnswers(socket, 5_000);
  socket.destroy();
  expect(answered).toBeGreaterThan(500);
  expect(mostAhead).toBeLessThanOrEqual(3 * 64 * 1024);
});

test('what a client has sent beside is done for nobody once it has left', async () => {
  const asked: string[] = [];
  let answerNow = (): void => undefined;
  const { server, plain } = plainServer({
    answer: (request, response) => {
      asked.push(request.url);
      answerNow = () => echo(request, response, 'plain');
    },
  });
  const socket = connect(await listening(server, plain), '127.0.0.1');
  socket.write(`${post('/a', 'x')}${post('/b', 'x')}PUT /c HTTP/1.1\r\nHost: a\r\n\r\n`);
  await until(() => asked.length === 1);
  socket.resetAndDestroy();
  await once(socket, 'close');
  answerNow();
  await until(async () => (await connections(server)) === 0);
  for (let turns = 0; turns < 10; turns += 1) await nextTurn();
  expect(asked).toEqual(['/a']);
});

test('a header that is set again comes once', async () => {
  const { server, plain } = plainServer({
    answer: (_request, response) => {
      response.setHeader('x-by', 'first');
      response.setHeader('X-Other', 'kept');
      response.writeHead(200, { 'X-By': 'second', 'content-length': 0 });
      response.end();
    },
  });
  const socket = connect(await listening(server, plain), '127.0.0.1').setEncoding('latin1');
  socket.write(post('/a', ''));
  const [head] = (await once(socket, 'data')) as [string];
  socket.destroy();
  expect(head.match(/^x-by: .*$/gim)).toEqual(['X-By: second']);
  expect(head).toMatch(/^x-other: kept\r$/im);
});

test('a client that has sent its last is let go of', async () => {
  const { server, plain } = plainServer({ answer: () => undefined });
  const port = await listening(server, plain);
  const socket = connect(port, '127.0.0.1');
  socket.end(post('/a', 'x'));
  await once(socket.resume(), 'close');
  await expect(connections(server)).resolves.toBe(0);
});

test('closing lets go of connections that wait, and of others once they have their answer', async () => {
  let answerNow: (() => void) | undefined;
  const { server, plain } = plainServer({
    answer: (request, response) => {
      answerNow = () => echo(request, response, 'plain');
    },
  });
  const port = await listening(server, plain);
  const idle = connect(port, '127.0.0.1');
  const asking = connect(port, '127.0.0.1');
  asking.write(post('/a', 'x'));
  await Promise.all([once(idle, 'connect'), until(async () => (await connections(server)) === 2)]);
  await until(() => answerNow !== undefined);
  const reading = readAnswers(asking, 1);
  const closed = new Promise((resolve) => server.close(resolve));
  plain.end(0);
  await once(idle.resume(), 'close');
  answerNow?.();
  expect((await reading)[0]).toMatchObject({ status: 200, by: 'plain' });
  await closed;
});

test('a connection that was in use as the server stopped gets one more answer, and ends with it', async () => {
  const { server, plain } = plainServer();
  const client = connect(await listening(server, plain), '127.0.0.1');
  const first = readAnswers(client, 1);
  client.write(post('/first', 'x'));
  await first;
  const closed = new Promise((resolve) => server.close(resolve));
  plain.end(60_000);
  await nextTurn();
  const last = readAnswers(client, 1);
  client.write(post('/last', 'x'));
  expect((await last)[0]).toMatchObject({ status: 200, by: 'plain' });
  await closed;
});

describe('connections that wait for too long', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());

  test.each([
    ['one that never asks', '', 1, 15_000],
    ['one that asked once', post('/a', 'x'), 1, 75_000],
  ])('%s is closed', async (_what, asked, before, afterMs) => {
    const { server, plain } = plainServer();
    const socket = connect(await listening(server, plain), '127.0.0.1');
    socket.write(asked);
    await (asked === '' ? until(async () => (await connections(server)) === 1) : readAnswers(socket, 1));
    await nextTurn();
    jest.advanceTimersByTime(afterMs / 2);
    expect(await connections(server)).toBe(before);
    jest.advanceTimersByTime(afterMs / 2);
    await once(socket.resume(), 'close');
  });

  test('one whose body does not come on is node:http’s, with its own limits', async () => {
    const { server, plain } = plainServer();
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const socket = connect(await listening(server, plain), '127.0.0.1');
    const text = post('/a', 'abc');
    socket.write(text.slice(0, -1));
    await until(async () => (await accepted).bytesRead === text.length - 1);
    jest.advanceTimersByTime(15_000);
    const reading = readAnswers(socket, 1);
    socket.write(text.slice(-1));
    expect((await reading)[0]?.by).toBe('node');
    socket.destroy();
  });
});

test('an answer whose values would break its head is refused before a byte of it is sent', async () => {
  const failures: unknown[] = [];
  const { server, plain } = plainServer({
    answer: (_request, response) => {
      try {
        response.writeHead(200, ['x-a', 'b\r\nset-cookie: c']);
      } catch (error) {
        failures.push(error);
        response.destroy();
      }
    },
  });
  expect(await answers(await listening(server, plain), bytes(post('/a', 'x')), 1)).toEqual([]);
  expect(failures).toHaveLength(1);
});

const header = fc.constantFrom(
  'Accept: */*',
  'X-One: 1',
  'X-one:2',
  'X-Two:\t two ',
  'Content-Length: 3',
  'Content-Length: 03',
  'Content-Length: 3\t',
  'Content-Length: 4',
  'Content-Length : 3',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Connection: keep-alive',
  'Connection: close',
  'Host: b',
  ' folded',
  'X-Bad: \x01',
  'X-High: \xe4',
  'No colon',
);
const request = fc
  .record({
    line: fc.constantFrom(
      'POST /a HTTP/1.1',
      'POST /later HTTP/1.1',
      'POST /node HTTP/1.1',
      'GET /a?b=1 HTTP/1.1',
      'PUT /a HTTP/1.1',
      'POST /a HTTP/1.0',
      'GET  /a HTTP/1.1',
      'POST /\xe4 HTTP/1.1',
    ),
    headers: fc.array(header, { maxLength: 3 }),
    framing: fc.constantFrom(
      'Content-Length: 3',
      'Content-Length: 3',
      'Content-Length: 3',
      'Transfer-Encoding: chunked',
    ),
  })
  .map(({ line, headers, framing }) => {
    const body = framing.startsWith('T') ? '3\r\nabc\r\n0\r\n\r\n' : 'abc';
    return `${[line, 'Host: a', ...headers, framing].join('\r\n')}\r\n\r\n${body}`;
  });

test('whatever comes, in whatever pieces, means here what it means to node:http', async () => {
  const [node, { server, plain }] = [nodeServer(), plainServer()];
  const [nodePort, plainPort] = [await listening(node), await listening(server, plain)];
  const last = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  // Node gives up requests before one that it refuses, if it has not answered them yet, which depends on the moment.
  const isRefused = (all: readonly Answer[]) => all.at(-1)?.status === 400;
  const said = (all: readonly Answer[]) =>
    (isRefused(all) ? all.slice(0, -1) : all).map(({ status, body }) => [status, body]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(400), { maxLength: 4 }),
      async (requests, cuts) => {
        const whole = Buffer.from(`${requests.join('')}${last}`, 'latin1');
        const places = [0, ...cuts.filter((at) => at < whole.length).sort((a, b) => a - b), whole.length];
        const pieces = places.slice(1).map((end, at) => whole.subarray(places[at], end));
        const [expected, actual] = await Promise.all([
          answers(nodePort, pieces, Infinity),
          answers(plainPort, pieces, Infinity),
        ]);
        expect(isRefused(actual)).toBe(isRefused(expected));
        const [one, other] = [said(expected), said(actual)];
        const count = isRefused(expected) ? Math.min(one.length, other.length) : Infinity;
        expect(other.slice(0, count)).toEqual(one.slice(0, count));
      },
    ),
    { numRuns: 1_000 },
  );
});
