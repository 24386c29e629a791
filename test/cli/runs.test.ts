import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { endOf, runCli, spawnCli } from '../support/cli-process';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient, UNKNOWN_RUN } from '../support/tracking-client';

let server: TestServer;
let tracking: TrackingClient;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  tracking = new TrackingClient(server);
});
afterAll(() => server.stop());
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'modelgraph-cli-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cli = (args: readonly string[], input?: string, environment: Record<string, string> = {}) =>
  runCli(
    args,
    { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key, ...environment },
    { cwd: folder, ...(input !== undefined && { input }) },
  );
const runOf = async (id: string) => {
  const query = `query ($id: ID!) { run(id: $id) { name status experiment { name } params { key value }
    tags { key value } artifacts { path sha256 } } }`;
  return (await server.data<{ run: Record<string, unknown> }>(query, { id })).run;
};

test('a script starts a run, logs, uploads, downloads and ends it', async () => {
  const started = await cli([
    ...['run', 'start', '--experiment', 'scripts', '--name', 'nightly'],
    ...['--param', 'lr=0.1', '--param', 'note=a=b', '--tag', 'team=a'],
  ]);
  expect(started).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^\S+\n$/) as string });
  const id = started.out.trim();

  expect(await cli(['run', 'log', id, 'loss=0.5', 'acc=NaN', '--step', '3'])).toMatchObject({
    code: 0,
    out: '',
  });
  const lines = '{"step": 4, "loss": 0.25}\n\n{"step": "9223372036854775807", "loss": "-0"}\n';
  expect(await cli(['run', 'log', id], lines)).toMatchObject({ code: 0, err: '' });
  const [loss, acc] = await tracking.history(id, ['loss', 'acc']);
  expect(loss).toMatchObject({ steps: [3, 4, '9223372036854775807'], values: [0.5, 0.25, '-0'] });
  expect(acc).toMatchObject({ steps: [3], values: ['NaN'] });

  const bytes = Buffer.alloc(2_000_000, 5);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(folder, 'weights.bin'), bytes);
  const put = await cli(['artifact', 'put', id, 'weights.bin', '--path', 'model/weights.bin']);
  expect(put).toMatchObject({ code: 0, out: `${sha256}\n` });
  const got = await cli(['artifact', 'get', id, 'model/weights.bin', '--out', 'copy.bin']);
  expect(got).toMatchObject({ code: 0, out: 'copy.bin\n' });
  expect(readFileSync(join(folder, 'copy.bin')).equals(bytes)).toBe(true);

  expect(await cli(['run', 'finish', id, '--status', 'failed'])).toMatchObject({
    code: 0,
    out: '',
    err: '',
  });
  expect(await cli(['run', 'finish', id, '--status', 'failed'])).toMatchObject({ code: 0 });
  expect(await runOf(id)).toEqual({
    ...{ name: 'nightly', status: 'FAILED', experiment: { name: 'scripts' } },
    params: [
      { key: 'lr', value: '0.1' },
      { key: 'note', value: 'a=b' },
    ],
    tags: [{ key: 'team', value: 'a' }],
    artifacts: [{ path: 'model/weights.bin', sha256 }],
  });
  expect(readdirSync(join(folder, '.modelgraph', 'spool'))).toEqual([]);
});

test('points that are piped while the server is away wait on the disk, and are sent later, once', async () => {
  const id = await tracking.newRun();
  const lines = Array.from({ length: 50 }, (_, step) => `{"step": ${step}, "loss": 1}\n`).join('');
  const away = { MODELGRAPH_URL: 'http://127.0.0.1:1' };
  const logged = await cli(['run', 'log', id, '--timeout', '0'], `${lines}no point\n`, away);
  expect(logged).toMatchObject({ code: 3, out: '' });
  expect(logged.err).toMatch(
    /: Not all was taken: Line 51: .* Not all has been sent\. It waits: `modelgraph spool send \/.*`\.\n$/,
  );
  const sent = await cli(['spool', 'send']);
  expect(sent).toMatchObject({ code: 0, out: expect.stringMatching(/: 50 points sent\n$/) as string });
  const again = await cli(['spool', 'send']);
  expect(again).toMatchObject({ code: 0, out: '', err: 'There is nothing to send.\n' });
  const [series] = await tracking.history(id, ['loss']);
  expect(series?.steps).toEqual(Array.from({ length: 50 }, (_, step) => step));
});

test('a spool that says nothing of whose it is is no reason to say that there is nothing to send', async () => {
  mkdirSync(join(folder, '.modelgraph/spool/run-1'), { recursive: true });
  writeFileSync(join(folder, '.modelgraph/spool/run-1/spool.json'), '');
  const { code, out, err } = await cli(['spool', 'send']);
  expect(out).toMatch(/^run-1: 0 points sent; Whose points are in \/.*run-1 is not known: /);
  expect({ code, err }).toEqual({ code: 3, err: 'modelgraph: Not all has arrived of 1 of 1 run.\n' });
});

test.each(['/proc/spool', '/dev/null/spool'])(
  'a spool that cannot be made, as %s, ends it with a sentence',
  async (spool) => {
    const id = await tracking.newRun();
    const { code, out, err } = await cli(['run', 'log', id, 'loss=1', '--spool', spool]);
    expect(err).toMatch(new RegExp(`^modelgraph: The spool ${spool}/.* cannot be written: E.*\n$`));
    expect({ code, out }).toEqual({ code: 3, out: '' });
  },
);

test('a line that is no point is told by its number, and the others are logged', async () => {
  const id = await tracking.newRun();
  const { code, err } = await cli(
    ['run', 'log', id],
    '{"loss": 1}\nloss: 2\n{"loss": "low"}\n{"loss": 3, "step": 1}\n',
  );
  expect(code).toBe(3);
  expect(err).toContain('Line 2: it is not JSON');
  expect(err).toContain('Line 3: “loss”: expected a number');
  expect((await tracking.history(id, ['loss']))[0]?.values).toEqual([1, 3]);
});

test('a pipe that is told to stop sends what it has read, and is done', async () => {
  const id = await tracking.newRun();
  const environment = { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key };
  const child = spawnCli(['run', 'log', id], environment, folder);
  const ended = endOf(child);
  child.stdin.write('{"loss": 1}\n{"loss": 2, "step": 1}\n{"loss": 3');
  const deadline = Date.now() + 30_000;
  const stepsNow = async () => (await tracking.history(id, ['loss']))[0]?.steps;
  while ((await stepsNow())?.length !== 2 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0, out: '', err: '' });
  expect(await stepsNow()).toEqual([0, 1]);
});

test('runs are found as a table, as JSON and as CSV', async () => {
  for (const [name, loss] of [
    ['=1+1', 0.5],
    ['plain, with "quotes"', 0.25],
  ] as const) {
    const runId = await tracking.newRun({
      experiment: 'found',
      name,
      params: [{ key: 'lr', value: '-1' }],
    });
    await tracking.logMetrics({ runId, points: [{ key: 'loss', value: loss }] });
  }
  await tracking.newRun({ experiment: 'elsewhere' });
  const search = (...args: string[]) =>
    cli(['runs', 'search', '--experiment', 'found', '--order-by', 'metrics.loss', ...args]);
  const json = await search('--format', 'json');
  expect(JSON.parse(json.out)).toMatchObject([
    { name: 'plain, with "quotes"', metrics: { loss: 0.25 }, params: { lr: '-1' }, experiment: 'found' },
    { name: '=1+1', metrics: { loss: 0.5 }, status: 'RUNNING', endedAt: null },
  ]);
  const rows = parse<Record<string, string>>((await search('--format', 'csv')).out, { columns: true });
  expect(rows.map((row) => [row.name, row['metrics.loss'], row['params.lr']])).toEqual([
    ['plain, with "quotes"', '0.25', '-1'],
    [`'=1+1`, '0.5', '-1'],
  ]);
  const table = await search('--filter', 'metrics.loss > 0.3');
  expect(table.out).toMatch(/^name +status +started +loss +lr.*\n=1\+1 +running +\d{4}-.* 0\.5 +-1.*\n$/);
  expect(await search('--filter', 'metrics.loss > 9')).toMatchObject({
    code: 0,
    out: '',
    err: 'There are no such runs.\n',
  });
  expect(JSON.parse((await search('--filter', 'metrics.loss > 9', '--format', 'json')).out)).toEqual([]);
});

test('more runs than a page come, each once, up to the limit, and where there are others that is said', async () => {
  const names = Array.from({ length: 120 }, (_, index) => `run-${String(index).padStart(3, '0')}`);
  for (const name of names) await tracking.newRun({ experiment: 'many', name });
  const search = [
    'runs',
    'search',
    '--experiment',
    'many',
    '--order-by',
    'name',
    '--format',
    'json',
    '--limit',
  ];
  const namesIn = (out: string) => (JSON.parse(out) as { name: string }[]).map(({ name }) => name);
  const [all, some] = [await cli([...search, '1000']), await cli([...search, '70'])];
  expect(namesIn(all.out)).toEqual(names);
  expect(namesIn(some.out)).toEqual(names.slice(0, 70));
  expect([all.err, some.err]).toEqual(['', 'There are others than these 70: --limit brings more.\n']);
});

test('a file is brought to where it was asked for and nowhere else, and replaces nothing unasked', async () => {
  const runId = await tracking.newRun();
  const sha256 = await server.upload('bytes');
  await tracking.logArtifact({ runId, path: 'plots/a.txt', artifact: { sha256 } });
  await tracking.logArtifact({ runId, path: 'plots/c:x', artifact: { sha256 } });
  expect(await cli(['artifact', 'get', runId, 'plots/a.txt'])).toMatchObject({ code: 0, out: 'a.txt\n' });
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('bytes');
  writeFileSync(join(folder, 'a.txt'), 'mine');
  const taken = await cli(['artifact', 'get', runId, 'plots/a.txt']);
  expect(taken).toMatchObject({
    code: 3,
    err: expect.stringMatching(/There is a file “a\.txt”/) as string,
  });
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('mine');
  expect(await cli(['artifact', 'get', runId, 'plots/c:x'])).toMatchObject({ code: 2 });
  expect(await cli(['artifact', 'get', runId, 'plots/a.txt', '--out', 'a.txt'])).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('bytes');
  const none = await cli(['artifact', 'get', runId, 'b.txt', '--out', 'b.txt']);
  expect(none).toMatchObject({
    code: 3,
    err: expect.stringMatching(/no file “b\.txt”. It has: “plots/) as string,
  });
  expect(readdirSync(folder)).toEqual(['a.txt']);
});

test('bytes that are not those that were asked for are not kept', async () => {
  const runId = await tracking.newRun();
  const sha256 = await server.upload('the right bytes');
  await tracking.logArtifact({ runId, path: 'a.txt', artifact: { sha256 } });
  await server.store.spoil(sha256, 'the WRONG bytes');
  writeFileSync(join(folder, 'a.txt'), 'before');
  const { code, err } = await cli(['artifact', 'get', runId, 'a.txt', '--out', 'a.txt']);
  expect(err).toMatch(/hash to [0-9a-f]{64}, not to/);
  expect(code).toBe(3);
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['a.txt']);
});

test.each([
  [['run', 'start', '--experiment', 'e', '--dataset', 'none@1'], 3, /dataset version “none@1”/],
  [
    ['run', 'start', '--experiment', 'e', '--url', 'http://127.0.0.1:1', '--timeout', '0'],
    3,
    /No answer from/,
  ],
  [['run', 'log', UNKNOWN_RUN, 'loss=1'], 3, /There is no run/],
  [['artifact', 'put', UNKNOWN_RUN, '/nowhere'], 3, /The file cannot be read/],
  [['runs', 'search', '--filter', 'metrics.'], 3, /filter/],
  [['runs', 'search', '--format', 'xml'], 2, /expected one of table, json, csv, got “xml”/],
  [['runs', 'search', '--url', 'here'], 2, /address of the server, got “here”/],
])('%j ends with %d and a sentence', async (args, expected, sentence) => {
  const { code, out, err } = await cli(args);
  expect(err).toMatch(sentence);
  expect(err.split('\n').filter((line) => line !== '')).toHaveLength(1);
  expect(out).toBe('');
  expect(code).toBe(expected);
  expect(readdirSync(folder)).toEqual([]);
});

test('help lists the commands, and each has its own', async () => {
  const { out } = await cli(['--help']);
  for (const name of [
    'run start',
    'run log',
    'run finish',
    'runs search',
    'artifact put',
    'artifact get',
    'spool send',
  ])
    expect(out).toContain(`  ${name} `);
  expect(await cli(['runs', 'search', '--help'])).toMatchObject({
    ...{ code: 0, out: expect.stringContaining('--order-by') as string },
  });
});

test('a wrong key is told with the address, a file that is no key by its place, and neither is shown', async () => {
  const search = (key: string, ...args: string[]) =>
    runCli(['runs', 'search', ...args], { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: key });
  const [wrong, many, sorted] = await Promise.all([
    search('hunter2'),
    search('hunter2\nhunter3'),
    search(server.key, '--order-by', 'loss'),
  ]);
  expect(wrong).toMatchObject({
    code: 3,
    err: `modelgraph: The API key is none of those of ${server.url}.\n`,
  });
  expect(many.err).toMatch(/^modelgraph: No API key: what MODELGRAPH_KEY has is none\./);
  expect(wrong.err + many.err).not.toContain('hunter');
  expect(sorted.err).toMatch(/expected one of: .*, metrics\.…, .* got “loss”/);
});
