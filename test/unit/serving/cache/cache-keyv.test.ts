import { KeyvStore, quietKeyv } from '../../../../src/serving/cache/cache-keyv';

/** Clients that are made one after the other, each a map of its own. */
function clients(isSharing = false) {
  const closed: number[] = [];
  let made = 0;
  let nowMs = 0;
  let goodbye: () => Promise<void> = () => Promise.resolve();
  let isAway = false;
  const store = new KeyvStore(
    () => {
      if (isAway) throw new Error('connect ECONNREFUSED');
      const number = (made += 1);
      return {
        keyv: quietKeyv({ store: new Map() }),
        isSharing,
        close: () => (closed.push(number), goodbye()),
      };
    },
    100,
    () => nowMs,
  );
  return {
    store,
    closed,
    made: () => made,
    later: (ms: number) => (nowMs += ms),
    goAway: (isSo: boolean) => (isAway = isSo),
    neverSayGoodbye: () => (goodbye = () => new Promise(() => undefined)),
  };
}

test('a client that has not answered for five seconds gives way to a new one', async () => {
  const { store, closed, made, later } = clients();
  later(4_999);
  await store.renew();
  expect(made()).toBe(1);
  later(1);
  await store.renew();
  expect(made()).toBe(2);
  expect(closed).toEqual([1]);
  later(4_999);
  await store.renew();
  expect(made()).toBe(2);
});

test('a new client is asked at once, so that somebody hears where it cannot connect', () => {
  const get = jest.fn(() => Promise.reject(new Error('refused')));
  const make = () => {
    const keyv = quietKeyv({ store: new Map() });
    keyv.get = get;
    return { keyv, close: () => undefined };
  };
  expect(new KeyvStore(make, 100)).toBeDefined();
  expect(get).toHaveBeenCalledTimes(1);
});

test('one that answers stays', async () => {
  const { store, made, later } = clients();
  later(10_000);
  expect(await store.get('key')).toBeUndefined();
  await store.renew();
  expect(made()).toBe(1);
});

test('one that does not say goodbye is left after a second, and only once', async () => {
  jest.useFakeTimers();
  const { store, closed, made, later, neverSayGoodbye } = clients();
  neverSayGoodbye();
  later(5_000);
  const renewed = store.renew();
  await store.renew();
  await jest.advanceTimersByTimeAsync(1_000);
  await renewed;
  jest.useRealTimers();
  expect(closed).toEqual([1]);
  expect(made()).toBe(2);
});

test('after the end nothing is made any more', async () => {
  const { store, made, later } = clients();
  later(5_000);
  const renewed = store.renew();
  await store.close();
  await renewed;
  expect(made()).toBe(1);
});

test('one that shares its connections leaves them to the next, and at the end they are closed', async () => {
  const { store, closed, made, later } = clients(true);
  later(5_000);
  await store.renew();
  expect(made()).toBe(2);
  expect(closed).toEqual([]);
  await store.close();
  expect(closed).toEqual([2]);
});

test('where no other client can be made, the one that is there stays, and it is tried again', async () => {
  const { store, made, later, goAway } = clients();
  goAway(true);
  later(5_000);
  await store.renew();
  expect(made()).toBe(1);
  expect(await store.get('key')).toBeUndefined();
  goAway(false);
  later(5_000);
  await store.renew();
  expect(made()).toBe(2);
});
