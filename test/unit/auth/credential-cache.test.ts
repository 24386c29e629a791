import { CredentialCache } from '../../../src/auth/credential-cache';
import type { StoredKey } from '../../../src/auth/auth.queries';
import { newId } from '../../../src/kernel/ids';

const KEY: StoredKey = { id: newId(), name: 'admin', role: 'admin', projectId: newId() };

/** A cache over a database that can be changed and taken away. */
function setUp() {
  const state = { stored: KEY as StoredKey | null, isAway: false, nowMs: 0, reads: 0 };
  const read = () => {
    state.reads += 1;
    return state.isAway ? Promise.reject(new Error('away')) : Promise.resolve(state.stored);
  };
  return { state, cache: new CredentialCache(read, () => state.nowMs) };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a known key is answered without a read', async () => {
  const { state, cache } = setUp();
  expect(await cache.get('hash')).toBe(KEY);
  expect(cache.get('hash')).toBe(KEY);
  expect(state.reads).toBe(1);
});

test('a revoked key stops working once its age has had it read again', async () => {
  const { state, cache } = setUp();
  await cache.get('hash');
  state.stored = null;
  state.nowMs = 6_000;
  expect(cache.get('hash')).toBe(KEY);
  await settle();
  expect(await cache.get('hash')).toBeNull();
});

test('while the database is away, what was valid stays valid', async () => {
  const { state, cache } = setUp();
  await cache.get('hash');
  state.isAway = true;
  for (state.nowMs = 6_000; state.nowMs < 100_000; state.nowMs += 6_000) {
    expect(cache.get('hash')).toBe(KEY);
    await settle();
  }
});

test('an unknown key is asked for every time', async () => {
  const { state, cache } = setUp();
  state.stored = null;
  expect(await cache.get('hash')).toBeNull();
  expect(await cache.get('hash')).toBeNull();
  expect(state.reads).toBe(2);
});

test('whoever asks to read again learns of a revocation at once, and so does everybody else', async () => {
  const { state, cache } = setUp();
  await cache.get('hash');
  state.stored = null;
  expect(cache.get('hash')).toBe(KEY);
  expect(await cache.reread('hash')).toBeNull();
  expect(await cache.get('hash')).toBeNull();
});

test('many who ask to read again at the same time share one read', async () => {
  const { state, cache } = setUp();
  await cache.get('hash');
  await Promise.all(Array.from({ length: 10 }, () => cache.reread('hash')));
  expect(state.reads).toBe(2);
  await cache.reread('hash');
  expect(state.reads).toBe(3);
});

test('what cannot be read again because the database is away stays valid', async () => {
  const { state, cache } = setUp();
  await cache.get('hash');
  state.isAway = true;
  expect(await cache.reread('hash')).toBe(KEY);
  expect(cache.get('hash')).toBe(KEY);
});
