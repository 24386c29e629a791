import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRun } from '../../src/client/client';
import { runCli } from '../support/cli-process';
import { SetupClient } from '../support/setup-client';
import { startTestServer, type TestServer } from '../support/test-server';

const execute = promisify(execFile);

let server: TestServer;
let setups: SetupClient;
let folder: string;
let work: string;
beforeAll(async () => {
  server = await startTestServer();
  setups = new SetupClient(server);
});
afterAll(() => server.stop());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelgraph-reproduce-'));
  work = join(folder, 'work');
  const origin = join(folder, 'origin.git');
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', origin);
  await git(folder, 'clone', '--quiet', origin, work);
  mkdirSync(join(work, 'src'));
  writeFileSync(join(work, 'src', 'train.mjs'), TRAINING);
  writeFileSync(join(work, 'src', 'bias.bin'), Buffer.from([0, 1, 2, 255]));
  writeFileSync(join(work, '.gitignore'), 'ignored.txt\n');
  await git(work, 'add', '.');
  await git(work, 'commit', '--quiet', '--message', 'A training');
  await git(work, 'push', '--quiet', 'origin', 'HEAD:main');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const IDENTITY = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
const git = async (cwd: string, ...args: string[]) =>
  (await execute('git', [...IDENTITY, ...args], { cwd })).stdout.trim();

/** Whatever is in the commit, in changes of it, in new files, in settings and in variables goes into what it says. */
const TRAINING = `
import { existsSync, readFileSync } from 'node:fs';
const settings = JSON.parse(readFileSync('conf/settings.json', 'utf8'));
const bias = [...readFileSync('bias.bin')];
const isNew = existsSync('new file.txt') ? readFileSync('new file.txt', 'utf8') : 'no';
console.log(JSON.stringify({ scale: 1, settings, bias, isNew, args: process.argv.slice(2), threads: process.env.OMP_NUM_THREADS }));
`;
const ARGS = ['--lr', '0.1', `it's "quoted" $HOME`, ''];

/** Changes that are not committed: of a text and of bytes, and new files. */
function makeDirty(): void {
  const src = join(work, 'src');
  writeFileSync(join(src, 'train.mjs'), TRAINING.replace('scale: 1', 'scale: 2'));
  writeFileSync(join(src, 'bias.bin'), Buffer.from([0, 10, 13, 255, 254]));
  writeFileSync(join(src, 'new file.txt'), 'a new file, é\n');
  writeFileSync(join(work, 'ignored.txt'), 'ignored');
  mkdirSync(join(src, 'conf'));
  writeFileSync(join(src, 'conf', 'settings.json'), '{"depth": 3}');
}

const environment = () => ({
  ...{ MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key, OMP_NUM_THREADS: '3', HOME: folder },
});
const cli = (cwd: string, ...args: string[]) => runCli(args, environment(), { cwd });

test('a training with changes that are not committed is repeated from nothing but its run, with the same output', async () => {
  makeDirty();
  const src = join(work, 'src');
  const started = await cli(
    src,
    ...['run', 'start', '--experiment', 'repeated', '--param', 'lr=0.1', '--seed', '7'],
    ...['--seed', 'numpy=-1', '--config', 'conf/settings.json', '--image', 'ml@sha256:1'],
    ...['--', 'node', 'train.mjs', ...ARGS],
  );
  expect(started).toMatchObject({ code: 0, err: '' });
  const id = started.out.trim();
  const { stdout } = await execute('node', ['train.mjs', ...ARGS], {
    cwd: src,
    env: { PATH: process.env.PATH, OMP_NUM_THREADS: '3' },
  });
  expect(stdout).toContain('"scale":2');
  expect(await setups.setupOf(id)).toMatchObject({
    code: {
      repository: join(folder, 'origin.git'),
      commit: await git(work, 'rev-parse', 'HEAD'),
      ...{ branch: 'main', pushed: true, dirty: true, omittedFiles: [] },
      diff: { sizeBytes: expect.any(Number) as number },
      ...{ entryPoint: 'src/train.mjs', command: ['node', 'train.mjs', ...ARGS], workingDirectory: 'src' },
    },
    environment: {
      ...{ language: 'node', languageVersion: process.versions.node, packages: [], lockFiles: [] },
      cpuCores: expect.any(Number) as number,
      memoryBytes: expect.any(Number) as number,
      operatingSystem: expect.stringMatching(/\w/) as string,
      containerImage: 'ml@sha256:1',
      variables: [{ key: 'OMP_NUM_THREADS', value: '3' }],
    },
    seeds: [
      { name: 'numpy', value: -1 },
      { name: 'seed', value: 7 },
    ],
    configFiles: [
      {
        path: 'src/conf/settings.json',
        sha256: createHash('sha256').update('{"depth": 3}').digest('hex'),
      },
    ],
  });
  // Nothing of the repository was changed by looking at it.
  expect(await git(work, 'diff', '--cached', '--name-only')).toBe('');
  expect(await git(work, 'status', '--porcelain', '--ignored')).toContain('?? "src/new file.txt"');

  const script = await cli(folder, 'run', 'reproduce', id, '--strict');
  expect(script).toMatchObject({ code: 0, err: '' });
  rmSync(work, { recursive: true });
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'again.sh'), script.out);
  const env = { PATH: process.env.PATH, MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key };
  const again = await execute('sh', ['again.sh'], { cwd: empty, env });
  expect(again.stdout).toBe(stdout);

  const written = await cli(folder, 'run', 'reproduce', id, '--output', 'kept');
  expect(written).toMatchObject({ code: 0, out: 'kept/reproduce.sh\n' });
  expect(readdirSync(join(folder, 'kept', 'files'))).toHaveLength(2);
  const other = join(folder, 'other');
  mkdirSync(other);
  // With the files beside the script, it needs neither the server nor a key.
  const offline = await execute(join(folder, 'kept', 'reproduce.sh'), [], {
    cwd: other,
    env: { PATH: process.env.PATH },
  });
  expect(offline.stdout).toBe(stdout);
  expect(await cli(folder, 'run', 'reproduce', id, '--output', 'kept')).toMatchObject({ code: 3, out: '' });

  const [file = ''] = readdirSync(join(folder, 'kept', 'files'));
  chmodSync(join(folder, 'kept', 'files', file), 0o644);
  writeFileSync(join(folder, 'kept', 'files', file), 'something else');
  rmSync(other, { recursive: true });
  mkdirSync(other);
  const changed = execute(join(folder, 'kept', 'reproduce.sh'), [], {
    cwd: other,
    env: { PATH: process.env.PATH },
  });
  await expect(changed).rejects.toMatchObject({
    stdout: '',
    stderr: expect.stringContaining('other bytes') as string,
  });
});

test('files that look like secrets, and large ones, stay where they are and are told by their names', async () => {
  writeFileSync(join(work, '.env'), 'TOKEN=hunter2');
  writeFileSync(join(work, 'data.bin'), Buffer.alloc(2 * 1024 ** 2));
  writeFileSync(join(work, 'fine.txt'), 'fine');
  await git(work, 'remote', 'set-url', 'origin', 'https://ada:hunter2@example.org/ml.git');
  await git(work, 'commit', '--quiet', '--allow-empty', '--message', 'Not pushed');
  const started = await cli(
    work,
    'run',
    'start',
    '--experiment',
    'secrets',
    '--variable',
    'HF_TOKEN',
    '--variable',
    'MODELGRAPH_KEY',
    '--',
    'python9',
    'train.py',
    '--api-key',
    'hunter2',
    '--eos-token',
    '<e>',
  );
  expect(started.code).toBe(0);
  expect(started.err).toMatch(/^The variable MODELGRAPH_KEY was not told[^\n]*\n$/);
  const id = started.out.trim();
  const setup = await setups.setupOf(id);
  expect(setup).toMatchObject({
    code: {
      repository: 'https://example.org/ml.git',
      ...{ dirty: true, pushed: false, omittedFiles: ['.env', 'data.bin'] },
      command: ['python9', 'train.py', '--api-key', '***', '--eos-token', '<e>'],
    },
  });
  const script = await cli(folder, 'run', 'reproduce', id, '--strict');
  expect(script.code).toBe(1);
  expect(script.err).toContain('Missing: These changed files are not in the diff: .env, data.bin.');
  expect(script.err).toContain('Missing: The value of --api-key is secret');
  expect(JSON.stringify(setup) + script.out + script.err).not.toContain('hunter2');
});

test('what is not wanted is not told, and without a repository a run starts all the same', async () => {
  makeDirty();
  const nothing = await cli(work, 'run', 'start', '--experiment', 'quiet', '--no-capture', '--seed', '1');
  expect(nothing).toMatchObject({ code: 0, err: '' });
  expect(await setups.setupOf(nothing.out.trim())).toMatchObject({
    code: null,
    environment: { language: null, cpuCores: null, variables: [] },
    seeds: [{ name: 'seed', value: 1 }],
  });
  const without = await cli(work, 'run', 'start', '--experiment', 'quiet', '--no-diff');
  expect(await setups.setupOf(without.out.trim())).toMatchObject({
    code: { dirty: null, diff: null, command: null },
  });
  const outside = await cli(folder, 'run', 'start', '--experiment', 'quiet', '--config', 'absent.json');
  expect(outside).toMatchObject({ code: 0, err: expect.stringContaining('absent.json') as string });
  expect(await setups.setupOf(outside.out.trim())).toMatchObject({ code: null });
  const refused = await cli(folder, 'run', 'start', '--experiment', 'quiet', '--seed', '1.5');
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--seed') as string });
  expect(await cli(folder, 'run', 'reproduce', 'no-such-run')).toMatchObject({ code: 3 });
});

test('what has changed inside submodules is repeated too, at whatever commit they are, and what cannot be is told', async () => {
  const shared = await makeSubmodules();
  const src = join(work, 'src');
  writeFileSync(join(shared, 'scale.txt'), '3\n');
  await git(shared, 'commit', '--quiet', '--all', '--message', 'Only on this machine');
  writeFileSync(join(shared, 'scale.txt'), '4\n');
  writeFileSync(join(shared, 'weights.bin'), Buffer.from([0, 13, 10, 255]));
  writeFileSync(join(shared, 'new é.txt'), 'new in the submodule\n');
  writeFileSync(join(shared, 'inner', 'depth.txt'), '9\n');
  const started = await cli(src, 'run', 'start', '--experiment', 'parts', '--', 'node', 'parts.mjs');
  expect(started).toMatchObject({ code: 0, err: '' });
  const id = started.out.trim();
  expect(await setups.setupOf(id)).toMatchObject({ code: { dirty: true, omittedFiles: [] } });
  const { stdout } = await execute('node', ['parts.mjs'], { cwd: src });
  expect(JSON.parse(stdout)).toEqual(['4\n', '000d0aff', 'new in the submodule\n', '9\n']);
  const script = await cli(folder, 'run', 'reproduce', id);
  expect(script.err).not.toContain('Missing');
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'again.sh'), script.out);
  const env = { ...process.env, ...WITH_FOLDERS, MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key };
  expect((await execute('sh', ['again.sh'], { cwd: empty, env })).stdout).toBe(stdout);

  writeFileSync(join(shared, '.env'), 'TOKEN=hunter2');
  await git(work, 'init', '--quiet', 'nested');
  await git(work, ...ALLOWED, 'submodule', '--quiet', 'add', join(folder, 'inner.git'), 'late');
  const later = await cli(src, 'run', 'start', '--experiment', 'parts');
  expect(await setups.setupOf(later.out.trim())).toMatchObject({
    code: { dirty: true, omittedFiles: ['nested/', 'late', 'vendor/my lib/.env'] },
  });
});

/** Submodules from folders, which git allows nobody who does not ask for it. */
const ALLOWED = ['-c', 'protocol.file.allow=always'];
const WITH_FOLDERS = {
  ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.file.allow', GIT_CONFIG_VALUE_0: 'always' },
};

/**
 * A submodule in a submodule of the repository, and a program that reads files of both; gives the outer one's folder.
 */
async function makeSubmodules(): Promise<string> {
  const libraries = { inner: { 'depth.txt': '1\n' }, outer: { 'scale.txt': '1\n', 'weights.bin': '\0\x01' } };
  for (const [name, files] of Object.entries(libraries)) {
    const place = join(folder, name);
    await git(folder, 'init', '--quiet', '--initial-branch=main', place);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(place, file), text);
    if (name === 'outer')
      await git(place, ...ALLOWED, 'submodule', '--quiet', 'add', join(folder, 'inner.git'), 'inner');
    await git(place, 'add', '.');
    await git(place, 'commit', '--quiet', '--message', name);
    await git(folder, 'clone', '--quiet', '--bare', place, `${place}.git`);
  }
  const path = 'vendor/my lib';
  await git(work, ...ALLOWED, 'submodule', '--quiet', 'add', join(folder, 'outer.git'), path);
  await git(work, ...ALLOWED, 'submodule', '--quiet', 'update', '--init', '--recursive');
  writeFileSync(join(work, 'src', 'parts.mjs'), PARTS);
  await git(work, 'add', '.');
  await git(work, 'commit', '--quiet', '--message', 'With libraries');
  await git(work, 'push', '--quiet', 'origin', 'HEAD:main');
  return join(work, path);
}

const PARTS = `
import { readFileSync } from 'node:fs';
const read = (file, form) => readFileSync('../vendor/my lib/' + file).toString(form);
console.log(JSON.stringify([read('scale.txt'), read('weights.bin', 'hex'), read('new é.txt'), read('inner/depth.txt')]));
`;

test('the client tells of the program that it is in, before the run ends', async () => {
  const heard: string[] = [];
  const run = await startRun({
    ...{ url: server.url, key: server.key, spool: join(folder, 'spool'), experiment: 'client', seed: 7n },
    capture: { diff: false },
    onWarning: ({ message }) => heard.push(message),
  });
  await run.finish();
  expect(heard).toEqual([]);
  expect(await setups.setupOf(run.id)).toMatchObject({
    code: { command: expect.arrayContaining(['node']) as string[], workingDirectory: '.' },
    environment: { language: 'node', lockFiles: [{ path: 'package-lock.json' }] },
    seeds: [{ name: 'seed', value: 7 }],
  });
  const { packages } = (await setups.setupOf(run.id)).environment as {
    packages: { name: string; version: string }[];
  };
  const { version } = JSON.parse(
    readFileSync(join(__dirname, '../../node_modules/graphql/package.json'), 'utf8'),
  ) as { version: string };
  expect(packages).toContainEqual({ name: 'graphql', version });
});
