import { decodeNodeId, encodeNodeId, idOf, newId } from '../../../src/kernel/ids';

const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('a new id is a UUID of version 7 that begins with its time', () => {
  const id = newId(0x0123_4567_89ab);
  expect(id).toMatch(UUID_7);
  expect(id.startsWith('01234567-89ab-7')).toBe(true);
});

test('ids differ, also across refills of the random pool', () => {
  expect(new Set(Array.from({ length: 2_000 }, () => newId())).size).toBe(2_000);
});

test('a node id gives back its kind and id', () => {
  const id = newId();
  expect(decodeNodeId(encodeNodeId('run', id))).toEqual({ kind: 'run', id });
  expect(idOf('run', encodeNodeId('run', id))).toBe(id);
});

test.each([
  ['another kind', encodeNodeId('model', newId())],
  ['no id at all', 'nonsense'],
  ['an unknown kind', Buffer.from(`cat:${newId()}`).toString('base64url')],
  ['no UUID', Buffer.from('run:1; DROP TABLE run').toString('base64url')],
  ['a very long text', 'x'.repeat(1_000_000)],
])('%s is no id of a run', (_what, text) => {
  expect(idOf('run', text)).toBeNull();
});
