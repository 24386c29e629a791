import { WebSocket } from 'ws';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

/** A bare socket that remembers what it hears: the client library would not let us misbehave. */
class Probe {
  private readonly messages: { type: string; id?: string; payload?: unknown }[] = [];
  private readonly socket: WebSocket;
  readonly closed: Promise<number>;
  private wake = () => {};

  constructor(protocol = 'graphql-transport-ws') {
    this.socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, protocol);
    this.socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()) as { type: string });
      this.wake();
    });
    this.socket.on('error', () => undefined); // a refused handshake also closes
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    void this.closed.then(() => this.wake());
  }

  async open(): Promise<this> {
    await new Promise((resolve) => this.socket.once('open', resolve));
    return this;
  }

  send(message: unknown): this {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    return this;
  }

  async next(): Promise<{ type: string; id?: string; payload?: unknown }> {
    for (let message = this.messages.shift(); ; message = this.messages.shift()) {
      if (message) return message;
      if (this.socket.readyState === WebSocket.CLOSED)
        throw new Error(`It closed with ${await this.closed}.`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  async ready(): Promise<this> {
    await this.open();
    this.send({ type: 'connection_init', payload: server.headers });
    expect(await this.next()).toEqual({ type: 'connection_ack' });
    return this;
  }

  isOpen = () => this.socket.readyState === WebSocket.OPEN;
  close = () => this.socket.close();
}

const subscribe = (query: string, id = '1') => ({ id, type: 'subscribe', payload: { query } });

test('no init in time closes with 4408', async () => {
  const probe = await new Probe().open();
  expect(await probe.closed).toBe(4408);
});

test('an operation before the acknowledgement closes with 4401', async () => {
  const probe = (await new Probe().open()).send(subscribe('{ __typename }'));
  expect(await probe.closed).toBe(4401);
});

test('a second init closes with 4429', async () => {
  const probe = (await new Probe().ready()).send({ type: 'connection_init', payload: server.headers });
  expect(await probe.closed).toBe(4429);
});

test('an id in use closes with 4409', async () => {
  const probe = await new Probe().ready();
  const run = await startRun();
  const query = `subscription { runMetrics(runId: "${run}") { __typename } }`;
  probe.send(subscribe(query)).send(subscribe(query));
  expect(await probe.closed).toBe(4409);
});

test('a malformed message closes with 4400', async () => {
  const probe = (await new Probe().ready()).send('nonsense');
  expect(await probe.closed).toBe(4400);
});

test('another sub-protocol is refused in the handshake', async () => {
  expect(await new Probe('graphql-ws').closed).toBe(1006);
});

test('an invalid document is answered with one error, and the socket stays open', async () => {
  const probe = (await new Probe().ready()).send(subscribe('{ nothing }'));
  expect(await probe.next()).toMatchObject({
    id: '1',
    type: 'error',
    payload: [{ message: expect.stringContaining('nothing') }],
  });
  probe.send(subscribe('{ __typename }', '2'));
  expect(await probe.next()).toEqual({ id: '2', type: 'next', payload: { data: { __typename: 'Query' } } });
  expect(probe.isOpen()).toBe(true);
  probe.close();
});

async function startRun(): Promise<string> {
  const query =
    'mutation { startRun(input: { experiment: "ws" }) { ... on StartRunSuccess { run { id } } } }';
  return (await server.data<{ startRun: { run: { id: string } } }>(query)).startRun.run.id;
}
