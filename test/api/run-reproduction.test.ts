import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COMMIT, SetupClient, sha256Of } from '../support/setup-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

const execute = promisify(execFile);
let server: TestServer;
let tracking: TrackingClient;
let setups: SetupClient;
beforeAll(async () => {
  server = await startTestServer();
  tracking = new TrackingClient(server);
  setups = new SetupClient(server);
});
afterAll(() => server.stop());

test('all that is needed is there, in order, and nothing is missing', async () => {
  const { told, config, lock } = await setups.everything();
  const data = await server.upload('x,y\n1,2\n');
  await setups.registerDataset({ dataset: 'numbers', artifact: { sha256: data } });
  const id = await tracking.newRun({
    ...told,
    datasets: ['numbers'],
    params: [{ key: 'lr', value: '0.1' }],
  });
  const { steps, missing } = await setups.reproductionOf(id);
  expect(missing).toEqual([]);
  expect(steps.map(({ kind, artifact, dataset }) => [kind, artifact?.sha256, dataset?.ref])).toEqual([
    ['PREPARE', undefined, undefined],
    ['CHECK_OUT_CODE', undefined, undefined],
    ['APPLY_DIFF', sha256Of('diff --git a/x b/x\n'), undefined],
    ['FETCH_FILE', config, undefined],
    ['INSTALL_PACKAGES', undefined, undefined],
    ['INSTALL_PACKAGES', lock, undefined],
    ['FETCH_DATASET', data, 'numbers@1'],
    ['SET_VARIABLES', undefined, undefined],
    ['RUN_COMMAND', undefined, undefined],
  ]);
  expect(steps[1]?.command).toContain('git clone --quiet --no-checkout -- https://example.org/ml.git code');
  expect(steps.at(-1)).toMatchObject({
    command: 'cd -- src\npython train.py --lr 0.1',
    description: expect.stringContaining('params lr=0.1; seeds numpy=7, seed=9223372036854775807') as string,
  });
});

test('whatever clients tell, a shell runs the steps and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelgraph-hostile-'));
  try {
    const evil = `'; touch owned; echo "$(touch owned)" \`touch owned\` \\'; # \n touch owned`;
    const config = await server.upload('settings');
    const id = await tracking.newRun({
      name: evil,
      params: [{ key: `p\n touch owned #`, value: evil }],
      code: {
        ...{ branch: evil, command: ['printf', '%s|', evil, '-n', '', '~', '*', '$HOME'], dirty: false },
        workingDirectory: `it's "$(touch owned)"`,
      },
      environment: {
        ...{ operatingSystem: evil, cpuModel: 'x\ntouch owned', containerImage: evil, packages: [] },
        variables: [{ key: 'EVIL', value: evil }],
      },
      configFiles: [{ path: `it's "$(touch owned)"/-rf $x`, artifact: { sha256: config } }],
    });
    const { script } = await setups.reproductionOf(id);
    writeFileSync(join(folder, 'run.sh'), script);
    for (const shell of ['sh', 'bash']) {
      rmSync(join(folder, 'code'), { recursive: true, force: true });
      const { stdout } = await execute(shell, ['run.sh'], {
        cwd: folder,
        env: { PATH: process.env.PATH, MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key },
      });
      expect(stdout).toBe(`${evil}|-n||~|*|$HOME|`);
      const files = readdirSync(folder, { recursive: true });
      expect(files.filter((file) => String(file).endsWith('owned'))).toEqual([]);
      const kept = join(folder, 'code', `it's "$(touch owned)"`, '-rf $x');
      expect(readFileSync(kept, 'utf8')).toBe('settings');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what stands in the way is told', async () => {
  const data = 'https://example.org/numbers.csv';
  await setups.registerDataset({ dataset: 'elsewhere', uri: data });
  const kinds = async (told: Record<string, unknown>) =>
    (await setups.reproductionOf(await tracking.newRun(told))).missing.map(({ kind, isBlocking }) =>
      isBlocking ? kind : kind.toLowerCase(),
    );
  expect(await kinds({})).toEqual(['REPOSITORY', 'COMMIT', 'language', 'packages', 'COMMAND', 'seed']);
  const known = { repository: 'https://example.org/x.git', commit: COMMIT };
  const rest = {
    environment: { language: 'node', languageVersion: '20.1.0', packages: [] },
    seeds: [{ value: 1 }],
  };
  const command = ['node', 'x.js'];
  expect(await kinds({ code: { ...known, dirty: true, command }, ...rest })).toEqual(['DIFF']);
  expect(await kinds({ code: { ...known, command }, ...rest })).toEqual(['clean_tree']);
  const clean = { ...known, dirty: false };
  expect(await kinds({ code: { ...clean, command, pushed: false }, ...rest })).toEqual(['pushed_commit']);
  expect(await kinds({ code: { ...clean, command, omittedFiles: ['a'] }, ...rest })).toEqual([
    'OMITTED_FILES',
  ]);
  expect(await kinds({ code: { ...clean, entryPoint: 'x.js' }, ...rest })).toEqual(['command']);
  expect(await kinds({ code: { ...clean, command }, ...rest, datasets: ['elsewhere'] })).toEqual([]);
  const local = { ...clean, repository: '../ml', command };
  expect(await kinds({ code: local, ...rest })).toEqual(['REPOSITORY']);
  expect(await kinds({ code: { ...local, repository: 'ext::sh -c x' }, ...rest })).toEqual(['REPOSITORY']);
  expect(await kinds({ code: { ...clean, commit: '--upload-pack=x', command }, ...rest })).toEqual([
    'COMMIT',
  ]);
});
