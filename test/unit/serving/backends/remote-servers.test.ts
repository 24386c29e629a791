import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { parseRemotePlace } from '../../../../src/kernel/remote-place';
import { parseRemoteDocument } from '../../../../src/serving/execution/remote-document';
import { RemotePolicy } from '../../../../src/serving/backends/remote-policy';
import type { RemoteServer } from '../../../../src/serving/backends/remote-server';
import { RemoteServers } from '../../../../src/serving/backends/remote-servers';
import { until } from '../../../support/until';

const LIMITS = { timeoutMs: 5_000 };

/** A server whose models are all ready, once it has waited for `mayAnswer`. */
class ReadyRemote {
  mayAnswer: Promise<unknown> = Promise.resolve();
  asked = 0;
  private readonly server: Server = createServer((_, response) => {
    this.asked += 1;
    void this.mayAnswer.then(() => response.end());
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  connections(): Promise<number> {
    return promisify(this.server.getConnections.bind(this.server))();
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const isReady = (server: RemoteServer) =>
  server.ask((client) => client.modelReady({ name: 'x', version: '' }, LIMITS));

let remotes: readonly ReadyRemote[];
let servers: RemoteServers;
/** What is known of each remote, in their order. */
let known: readonly [RemoteServer, RemoteServer, RemoteServer];
beforeEach(async () => {
  remotes = await Promise.all([1, 2, 3].map(() => new ReadyRemote().start()));
  const places = remotes.flatMap(({ url }) => parseRemotePlace(new URL(url).host) ?? []);
  servers = new RemoteServers(new RemotePolicy(places, new Map()), () => undefined, 2);
  const [first, second, third] = remotes.map(({ url }) => {
    const fields = { modelgraph: 'remote-model/1', backend: 'open-inference', url, model: 'x' };
    const read = parseRemoteDocument(JSON.stringify(fields));
    if (!read?.ok) throw new Error(read?.message);
    return servers.of(read.document);
  });
  if (!first || !second || !third) throw new Error('Three were started.');
  known = [first, second, third];
});
afterEach(() => {
  servers.close();
  for (const remote of remotes) remote.stop();
});
const open = () => Promise.all(remotes.map((remote) => remote.connections()));

test('where one too many is connected, the one asked longest ago is let go of, and comes back when asked', async () => {
  const [first, second, third] = known;
  for (const one of [first, second, first, third]) expect(await isReady(one)).toBe(true);
  await until(async () => (await open()).join() === '1,0,1');
  expect(await isReady(second)).toBe(true);
  await until(async () => (await open()).join() === '0,1,1');
  expect(servers.status().map(({ origin }) => origin)).toEqual(remotes.map(({ url }) => url));
});

test('those that somebody waits for stay connected, and the surplus goes with the next connection', async () => {
  const [first, second, third] = known;
  let answer: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  for (const remote of remotes) remote.mayAnswer = held;
  const answers = known.map(isReady);
  await until(() => remotes.every(({ asked }) => asked === 1));
  expect(await open()).toEqual([1, 1, 1]);
  answer();
  expect(await Promise.all(answers)).toEqual([true, true, true]);
  third.close();
  await isReady(first);
  await isReady(second);
  await isReady(third);
  await until(async () => (await open()).join() === '0,1,1');
});

test('the last model that leaves a server takes its connections along', async () => {
  const [first] = known;
  await isReady(first);
  servers.forget(first);
  await until(async () => (await open()).join() === '0,0,0');
  expect(servers.status()).toHaveLength(2);
});

test('calls on connections that were replaced go on, and the last of them takes the connections along', async () => {
  const [first] = known;
  const remote = remotes[0] as ReadyRemote;
  let answer: () => void = () => undefined;
  remote.mayAnswer = new Promise<void>((resolve) => (answer = resolve));
  const before = [isReady(first), isReady(first)];
  await until(() => remote.asked === 2);
  first.renew();
  remote.mayAnswer = Promise.resolve();
  expect(await isReady(first)).toBe(true);
  expect(await remote.connections()).toBe(3);
  answer();
  expect(await Promise.all(before)).toEqual([true, true]);
  await until(async () => (await remote.connections()) === 1);
  first.renew();
  await until(async () => (await remote.connections()) === 0);
});

test('a server that is closed ends the calls on connections that were replaced, too', async () => {
  const [first] = known;
  const remote = remotes[0] as ReadyRemote;
  remote.mayAnswer = new Promise(() => undefined);
  const before = isReady(first);
  await until(() => remote.asked === 1);
  first.renew();
  first.close();
  await expect(before).rejects.toMatchObject({ fault: 'unreachable' });
});
