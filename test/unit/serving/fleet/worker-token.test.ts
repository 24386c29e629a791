import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureWorkerToken, isSameToken } from '../../../../src/serving/fleet/worker-token';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-token-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('processes that start at once share one token, in a file that only its owner reads', async () => {
  const path = join(folder, 'store', 'worker.token');
  const tokens = await Promise.all(Array.from({ length: 8 }, () => ensureWorkerToken(path)));
  expect(new Set(tokens).size).toBe(1);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, 'store'))).toEqual(['worker.token']);
  expect(await ensureWorkerToken(path)).toBe(tokens[0]);
});

test('a file that holds no token is refused, not replaced', async () => {
  const path = join(folder, 'worker.token');
  await writeFile(path, 'short\n');
  await expect(ensureWorkerToken(path)).rejects.toThrow('expected a token of at least 20');
});

test.each([
  ['token-of-somebody', 'token-of-somebody', true],
  ['token-of-somebody', 'token-of-somebody-else', false],
  ['token-of-somebody', '', false],
])('%s and %s are the same: %s', (one, other, same) => expect(isSameToken(one, other)).toBe(same));
