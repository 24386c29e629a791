import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** `modelgraph/client` as another program has it: by its name, built, with its types. */
const ROOT = join(__dirname, '../..');
/** Of two runs of the compiler on a busy machine, in ms. */
const LIMIT_MS = 300_000;
const execute = promisify(execFile);
const tool = (name: string, args: readonly string[], cwd: string) =>
  execute(process.execPath, [join(ROOT, 'node_modules', name), ...args], { cwd }).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`${error.stdout}${error.stderr}`);
    },
  );

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-package-'));
  const home = join(folder, 'node_modules', 'modelgraph');
  await mkdir(home, { recursive: true });
  await copyFile(join(ROOT, 'package.json'), join(home, 'package.json'));
  await symlink(join(ROOT, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
  const target = join(home, 'dist');
  const swc = ['src/client', '--out-dir', target, '--config-file', '.swcrc', '--quiet'];
  await tool('@swc/cli/bin/swc.js', swc, ROOT);
  await tool('typescript/bin/tsc', ['-p', 'src/client', '--outDir', target], ROOT);
}, LIMIT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

const NAMES = ['ClientError', 'attachRun', 'resumeSpool', 'sampleSystem', 'startRun'];

test('modules of both kinds find it by its name', async () => {
  const print =
    'console.log(JSON.stringify([ClientError, attachRun, resumeSpool, sampleSystem, startRun].map((one) => one.name)))';
  await writeFile(
    join(folder, 'new.mjs'),
    `import { ${NAMES.join(', ')} } from 'modelgraph/client';\n${print};\n`,
  );
  await writeFile(
    join(folder, 'old.cjs'),
    `const { ${NAMES.join(', ')} } = require('modelgraph/client');\n${print};\n`,
  );
  for (const file of ['new.mjs', 'old.cjs']) {
    const { stdout } = await execute(process.execPath, [file], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual(NAMES);
  }
});

test(
  'its types hold for a strict program, and refuse what it would refuse',
  async () => {
    const program = `import { startRun, resumeSpool, sampleSystem, type Delivery, type Run } from 'modelgraph/client';
export async function train(): Promise<Delivery> {
  const run: Run = await startRun({ experiment: 'e', params: { lr: 0.1, layers: 3n }, onWarning: ({ code }) => console.error(code) });
  const isTaken: boolean = run.log({ loss: 0.3 }, { step: 1n });
  if (!isTaken) await run.flush({ timeoutMs: 10 });
  // @ts-expect-error a metric is a number
  run.log({ loss: 'low' });
  // @ts-expect-error there is no such status
  await run.finish('DONE');
  sampleSystem(run, { everyMs: 1_000 }).stop();
  for (const { sentPoints } of await resumeSpool()) console.log(sentPoints.toFixed());
  return run.finish('FAILED');
}
`;
    await writeFile(join(folder, 'program.mts'), program);
    const flags = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'node16',
      '--types',
      'node',
    ];
    await tool(
      'typescript/bin/tsc',
      [...flags, '--target', 'es2022', '--skipLibCheck', 'false', 'program.mts'],
      folder,
    );
  },
  LIMIT_MS,
);
