import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkOpenFiles, connectionsOfCallers, openFilesLimit } from '../../../src/kernel/open-files';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             unlimited            unlimited            processes
Max open files            256                  4096                 files
`;

test.each([
  [LIMITS, 256],
  [LIMITS.replace('256 ', 'unlimited '), Infinity],
  ['', Infinity],
])('the system’s words are read', (text, limit) => {
  const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
  writeFileSync(join(folder, 'limits'), text);
  expect(openFilesLimit(join(folder, 'limits'))).toBe(limit);
  rmSync(folder, { recursive: true });
});

test('where nothing is said, nothing limits', () => {
  expect(openFilesLimit('/there/is/no/such/file')).toBe(Infinity);
});

test('a limit that no start gets by with is told with what to do', () => {
  expect(() => checkOpenFiles(64)).toThrow(
    /may have 64 files .* needs at least 256\. .*ulimit -n.*LimitNOFILE/,
  );
  expect(() => checkOpenFiles(256)).not.toThrow();
});

test.each([
  [256, 64],
  [512, 128],
  [1_024, 512],
  [65_536, 65_024],
])('of %d, callers may take %d', (limit, connections) => {
  expect(connectionsOfCallers(limit)).toBe(connections);
});
