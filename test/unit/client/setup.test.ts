import { readGpuCards } from '../../../src/client/setup/machine-facts';
import { npmPackages } from '../../../src/client/setup/package-facts';
import { looksLikeSecretFile } from '../../../src/client/setup/secret-words';
import { captureOf } from '../../../src/client/setup/setup-options';

test('each card has its name, its memory and its driver; what is not told is null', () => {
  const text = 'NVIDIA H200, 143771, 570.86.15\nSome card, [N/A], [N/A]\nNo devices were found\n';
  expect(readGpuCards(text)).toEqual([
    { name: 'NVIDIA H200', memoryBytes: 143_771 * 1024 ** 2, driver: '570.86.15' },
    { name: 'Some card', memoryBytes: null, driver: null },
  ]);
});

test('npm’s lock file tells names and versions, nested ones too, and no folders of the code', () => {
  const packages = {
    '': { name: 'mine', version: '1.0.0' },
    'packages/part': { version: '2.0.0' },
    'node_modules/part': { link: true },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b/node_modules/@s/a': { version: '3.0.0' },
    'node_modules/c/node_modules/a': { version: '1.0.0' },
  };
  const lock = (text: string, path = 'sub/package-lock.json') =>
    npmPackages({ path, bytes: Buffer.from(text) });
  expect(lock(JSON.stringify({ packages }))).toEqual([
    { name: 'a', version: '1.0.0' },
    { name: '@s/a', version: '3.0.0' },
  ]);
  expect(lock('{')).toBeNull();
  expect(lock('null')).toBeNull();
  expect(lock('{}', 'yarn.lock')).toBeNull();
});

test.each([
  ['.env', true],
  ['conf/.env.local', true],
  ['keys/id_ed25519', true],
  ['server.pem', true],
  ['my-credentials.json', true],
  ['environment.yaml', false],
  ['keyboard.ts', false],
  ['notes/env.md', false],
])('the file %s holds secrets: %s', (path, holds) => expect(looksLikeSecretFile(path)).toBe(holds));

test('capturing is turned off by the caller or by the environment, and the caller goes first', () => {
  expect(captureOf({}, {})).toEqual({});
  expect(captureOf({ capture: false }, {})).toBeNull();
  expect(captureOf({}, { MODELGRAPH_CAPTURE: 'off' })).toBeNull();
  expect(captureOf({ capture: { diff: false } }, { MODELGRAPH_CAPTURE: 'off' })).toEqual({ diff: false });
  expect(captureOf({ capture: true }, { MODELGRAPH_CAPTURE: '0' })).toEqual({});
});
