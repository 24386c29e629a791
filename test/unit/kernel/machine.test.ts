import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { coresOfContainer, cores, memoryBytes } from '../../../src/kernel/machine';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('a process has no more cores and memory than the machine', () => {
  expect(cores()).toBeGreaterThanOrEqual(1);
  expect(cores()).toBeLessThanOrEqual(availableParallelism());
  expect(memoryBytes()).toBeGreaterThan(0);
  expect(memoryBytes()).toBeLessThanOrEqual(totalmem());
});

test.each([
  ['150000 100000\n', 1.5],
  ['max 100000\n', Infinity],
])('a container of cgroup v2 that says “%s” has %d cores', (text, expected) => {
  writeFileSync(join(folder, 'cpu.max'), text);
  expect(coresOfContainer(folder)).toBe(expected);
});

test.each([
  ['200000\n', 2],
  ['-1\n', Infinity],
])('a container of cgroup v1 with a quota of %s has %d cores', (quota, expected) => {
  mkdirSync(join(folder, 'cpu'));
  writeFileSync(join(folder, 'cpu/cpu.cfs_quota_us'), quota);
  writeFileSync(join(folder, 'cpu/cpu.cfs_period_us'), '100000\n');
  expect(coresOfContainer(folder)).toBe(expected);
});

test('where nothing is said, nothing limits', () => {
  expect(coresOfContainer(folder)).toBe(Infinity);
});
