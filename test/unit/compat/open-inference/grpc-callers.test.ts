import { Metadata, status as Code, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { Auth } from '../../../../src/auth/auth';
import { GrpcCallers, MESSAGE_TIMEOUT_MS, textOf } from '../../../../src/compat/open-inference/grpc-callers';
import type { Actor } from '../../../../src/kernel/actor';
import { unauthenticated } from '../../../../src/kernel/errors';
import { createLogger } from '../../../../src/kernel/logger';

const ACTOR = { keyId: 'k', keyName: 'mine', role: 'admin', projectId: 'p' } as unknown as Actor;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A call whose client does what a test says. */
function callOf(authenticate: Auth['authenticate'], requestStream = false) {
  const callers = new GrpcCallers(
    (metadata) => authenticate(textOf(metadata, 'authorization'), textOf(metadata, 'x-modelgraph-project')),
    createLogger('silent'),
  );
  const events: string[] = [];
  const statuses: { code: Code; details: string }[] = [];
  let client: Parameters<ServerInterceptingCallInterface['start']>[0] | undefined;
  const transport = {
    start: (listener: typeof client) => (client = listener),
    sendStatus: (status: (typeof statuses)[number]) => statuses.push(status),
  } as unknown as ServerInterceptingCallInterface;
  const identity = (bytes: Buffer) => bytes;
  const method = {
    ...{ path: '/x', requestStream, responseStream: requestStream },
    ...{ requestDeserialize: identity, responseSerialize: identity },
  };
  callers.interceptor(method, transport).start({
    onReceiveMetadata: () => events.push('metadata'),
    onReceiveMessage: () => events.push('message'),
    onReceiveHalfClose: () => events.push('end'),
    onCancel: () => events.push('over'),
  });
  if (!client) throw new Error('The call did not start.');
  return { callers, client, events, statuses };
}
const settled = () => jest.advanceTimersByTimeAsync(0);

test('a call goes on once its caller is known, and who that is can be asked', async () => {
  const { callers, client, events } = callOf(() => ACTOR);
  const metadata = new Metadata();
  client.onReceiveMetadata(metadata);
  expect(events).toEqual([]);
  await settled();
  expect(callers.actorOf(metadata)).toBe(ACTOR);
  client.onReceiveMessage(Buffer.alloc(1));
  client.onReceiveHalfClose();
  expect(events).toEqual(['metadata', 'message', 'end']);
});

test('a stranger’s call goes nowhere', async () => {
  const { callers, client, events, statuses } = callOf(() => {
    throw unauthenticated();
  });
  const metadata = new Metadata();
  client.onReceiveMetadata(metadata);
  await settled();
  expect(events).toEqual([]);
  expect(statuses).toMatchObject([{ code: Code.UNAUTHENTICATED }]);
  expect(() => callers.actorOf(metadata)).toThrow();
});

test('a fault of ours is not told', async () => {
  const { client, statuses } = callOf(() => Promise.reject(new Error('the password is 1234')));
  client.onReceiveMetadata(new Metadata());
  await settled();
  expect(statuses).toMatchObject([{ code: Code.INTERNAL }]);
  expect(statuses[0]?.details).not.toContain('1234');
});

test('a message that does not arrive in time ends its call', async () => {
  const { client, statuses } = callOf(() => ACTOR);
  client.onReceiveMetadata(new Metadata());
  await jest.advanceTimersByTimeAsync(MESSAGE_TIMEOUT_MS - 1);
  expect(statuses).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(statuses).toMatchObject([
    { code: Code.DEADLINE_EXCEEDED, details: 'The message did not arrive within 150 s.' },
  ]);
});

test.each<[string, (client: ReturnType<typeof callOf>['client']) => void]>([
  ['has arrived', (client) => (client.onReceiveMessage(Buffer.alloc(1)), client.onReceiveHalfClose())],
  ['nobody sends any more', (client) => client.onCancel()],
])('nobody waits for a message that %s', async (_what, happens) => {
  const { client, statuses } = callOf(() => ACTOR);
  client.onReceiveMetadata(new Metadata());
  await settled();
  happens(client);
  expect(jest.getTimerCount()).toBe(0);
  await jest.advanceTimersByTimeAsync(MESSAGE_TIMEOUT_MS);
  expect(statuses).toEqual([]);
});

test('a caller that leaves before it is known leaves nothing behind', async () => {
  let known: (actor: Actor) => void = () => undefined;
  const { client, events } = callOf(() => new Promise((resolve) => (known = resolve)));
  client.onReceiveMetadata(new Metadata());
  client.onCancel();
  known(ACTOR);
  await settled();
  expect(events).toEqual(['over']);
  expect(jest.getTimerCount()).toBe(0);
});

test('a message that is cut off is no message', async () => {
  const { client, events, statuses } = callOf(() => ACTOR);
  client.onReceiveMetadata(new Metadata());
  await settled();
  client.onReceiveHalfClose();
  expect(events).toEqual(['metadata']);
  expect(statuses).toMatchObject([
    { code: Code.INVALID_ARGUMENT, details: 'The call ended before its message was complete.' },
  ]);
});

test('metadata is found by name, and a name that it cannot have finds nothing', () => {
  const metadata = new Metadata();
  metadata.set('x-tier', 'gold');
  metadata.set('x-raw-bin', Buffer.from('gold'));
  expect(['x-tier', 'x-raw-bin', 'x-none', 'not a name', ''].map((name) => textOf(metadata, name))).toEqual([
    'gold',
    ...Array.from({ length: 4 }),
  ]);
});

test('a stream may be silent for as long as it likes, and end without a message', async () => {
  const { client, events, statuses } = callOf(() => ACTOR, true);
  client.onReceiveMetadata(new Metadata());
  await jest.advanceTimersByTimeAsync(MESSAGE_TIMEOUT_MS);
  client.onReceiveHalfClose();
  expect(events).toEqual(['metadata', 'end']);
  expect(statuses).toEqual([]);
});
