import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../../../src/kernel/make-folder';

let base: string;
beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'modelgraph-folder-'))));
afterEach(() => rmSync(base, { recursive: true }));

test('a folder is made with those above it, for its owner alone, and once', () => {
  const path = join(base, 'a', 'b', 'c');
  for (let time = 0; time < 2; time += 1) makeFolder(path);
  for (const made of [path, join(base, 'a')]) expect(statSync(made).mode & 0o777).toBe(0o700);
});

test.each([
  ['where no folder can be', () => '/proc/modelgraph/store'],
  ['below a file', () => join(base, 'file', 'store')],
  ['that is a file', () => join(base, 'file')],
])('one %s is refused in a sentence', (_, place) => {
  writeFileSync(join(base, 'file'), '');
  expect(() => makeFolder(place())).toThrow(
    new RegExp(`^The folder ${place()} cannot be made: E[A-Z]+: .*\\. Choose another place for it\\.$`),
  );
});
