import { ConnectionHashes } from '../../../src/auth/connection-hashes';

/** Says which headers were hashed, in their order. */
function setUp() {
  const hashed: (string | undefined)[] = [];
  const hashes = new ConnectionHashes((authorization) => {
    if (authorization === undefined) throw new Error('no key');
    hashed.push(authorization);
    return `hash of ${authorization}`;
  });
  return { hashed, hashes };
}

test('a connection that calls again with the same key has it hashed once', () => {
  const { hashed, hashes } = setUp();
  const connection = {};
  for (let call = 0; call < 3; call += 1) expect(hashes.of(connection, 'a')).toBe('hash of a');
  expect(hashed).toEqual(['a']);
});

test('another key on the same connection is hashed, and so is the same key on another connection', () => {
  const { hashed, hashes } = setUp();
  const [one, other] = [{}, {}];
  expect(hashes.of(one, 'a')).toBe('hash of a');
  expect(hashes.of(one, 'b')).toBe('hash of b');
  expect(hashes.of(one, 'a')).toBe('hash of a');
  expect(hashes.of(other, 'a')).toBe('hash of a');
  expect(hashed).toEqual(['a', 'b', 'a', 'a']);
});

test('a call without a key gets nothing from the call before it', () => {
  const { hashes } = setUp();
  const connection = {};
  hashes.of(connection, 'a');
  expect(() => hashes.of(connection, undefined)).toThrow('no key');
  expect(() => hashes.of({}, undefined)).toThrow('no key');
});
