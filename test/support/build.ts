import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const BUILT = ['src', 'migrations', 'test/support'];
/** Of the time at which it was built last. */
const STAMP = join(ROOT, 'dist/built-for-tests');

/** Builds what tests start as processes and threads of their own, where anything of it has changed. */
export default function build(): void {
  const startedAt = new Date();
  if (existsSync(STAMP) && newest() < statSync(STAMP).mtimeMs) return;
  const swc = join(ROOT, 'node_modules/.bin/swc');
  execFileSync(swc, [...BUILT, '--out-dir', 'dist', '--config-file', '.swcrc', '--quiet'], { cwd: ROOT });
  writeFileSync(STAMP, '');
  utimesSync(STAMP, startedAt, startedAt);
}

function newest(): number {
  const files = BUILT.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  return Math.max(...[...files, '.swcrc'].map((file) => statSync(join(ROOT, file)).mtimeMs));
}
