import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../support/cli-process';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const BRIEFLY = ['--duration', '300ms', '--warmup', '0'];

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-cli-'));
  const registry = new RegistryClient(server);
  await registry.register('double', scaled(2), { columns: [{ input: 'x', names: ['a', 'b'] }] });
  await registry.promote('double@1.0.0', 'production');
  await deployEndpoint(server, 'doubles', [{ ref: 'double@production', weight: 1 }]);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const bench = (...args: string[]) =>
  runCli(['bench', ...args], { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key });

interface Report {
  readonly asked: string;
  readonly version: string;
  readonly held: boolean;
  readonly stages: readonly {
    readonly answered: number;
    readonly failed: number;
    readonly errors: Readonly<Record<string, { readonly count: number; readonly message: string }>>;
    readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  }[];
}
const reportOf = (out: string) => JSON.parse(out) as Report;

test.each(['graphql', 'v2', 'v2-binary', 'grpc', 'tf-serving'])(
  'by %s an endpoint is measured with questions made of its signature, and nothing fails',
  async (door) => {
    const { code, out } = await bench(
      ...['doubles', '--door', door, '--grpc-url', `grpc://${server.grpcAddress}`],
      ...['--json', '--concurrency', '4', '--batch', '3', ...BRIEFLY],
    );
    const report = reportOf(out);
    expect(report).toMatchObject({ asked: 'doubles', version: 'double@1.0.0', held: true });
    expect(report.stages).toMatchObject([{ failed: 0, errors: {} }]);
    const [{ answered, latencyMs } = { answered: 0, latencyMs: null }] = report.stages;
    expect(answered).toBeGreaterThan(0);
    expect(latencyMs?.p50).toBeLessThanOrEqual(latencyMs?.max ?? 0);
    expect(code).toBe(0);
  },
);

test('a rate is kept: as many answers as it says, of a model by its reference, from rows of a file', async () => {
  const rows = join(folder, 'rows.csv');
  await writeFile(rows, 'a,b\n1,2\n3,4\n5,6\n');
  const { code, out } = await bench('double', '--json', '--rows', rows, '--rate', '50', ...BRIEFLY);
  expect(reportOf(out)).toMatchObject({ asked: 'double', stages: [{ answered: 15, failed: 0 }] });
  expect(code).toBe(0);
});

test('a ramp has a line for each load and a chart, as text of 80 characters where nobody looks', async () => {
  const { code, out } = await bench('doubles', '--ramp', '1,2', ...BRIEFLY);
  expect(out).toMatch(/^doubles \(double@1\.0\.0\) at http:.* by graphql; 512 questions of 1 row/);
  expect(out).toMatch(/\n1 caller +[\d,]+ /);
  expect(out).toMatch(/\n2 callers +[\d,]+ /);
  expect(out).toContain('p99 by load');
  expect(out).not.toContain('\u001b');
  expect(code).toBe(0);
});

test('a limit that does not hold ends with 1, and says which one', async () => {
  const { code, out, err } = await bench('doubles', '--json', '--max-p99', '0', ...BRIEFLY);
  expect(err).toMatch(/p99 is .* --max-p99 allows 0 ms/);
  expect(reportOf(out).held).toBe(false);
  expect(code).toBe(1);
});

test.each([
  ['graphql', 'OVERLOADED'],
  ['grpc', 'RESOURCE_EXHAUSTED'],
  ['tf-serving', 'HTTP 503'],
])('by %s refusals under load are counted as %s, with what the server says', async (door, expected) => {
  const name = 'narrow';
  const settings = { maxQueue: 2, maxBatch: 1 };
  await deployEndpoint(server, name, [{ ref: 'double@production', weight: 1 }], undefined, settings);
  const { code, out } = await bench(
    ...[name, '--door', door, '--grpc-url', `grpc://${server.grpcAddress}`],
    ...['--json', '--concurrency', '32', '--max-errors', '100%', ...BRIEFLY],
  );
  const [stage] = reportOf(out).stages;
  expect(stage?.errors).toEqual({
    [expected]: { count: stage?.failed, message: expect.stringMatching(/\w+/) as string },
  });
  expect(stage?.failed).toBeGreaterThan(0);
  expect(code).toBe(0);
});

test.each([
  [['bench', 'nobody'], 3, /There is no endpoint “nobody”/],
  [['bench', 'doubles', '--rows', '/nowhere.csv'], 3, /nowhere\.csv cannot be read/],
  [['bench', 'doubles', '--key-file', '/nowhere'], 3, /No API key: \/nowhere cannot be read/],
  [['bench', 'doubles', '--key-file', __filename], 3, /No API key: what \/.* has is none/],
  [['bench', 'doubles', '--url', 'http://127.0.0.1:1'], 3, /No answer from http:\/\/127\.0\.0\.1:1/],
  [
    ['bench', 'doubles', '--door', 'grpc', '--grpc-url', 'grpc://127.0.0.1:1'],
    3,
    /The first question was refused: UNAVAILABLE: .*--grpc-url says where/,
  ],
  [['bench', 'doubles', '--grpc-url', '127.0.0.1:1'], 2, /--grpc-url: expected grpc:\/\/host:port/],
  [['bench', 'doubles', '--url', 'here'], 2, /address of the server, got “here”/],
  [
    ['bench', 'doubles', '--fast'],
    2,
    /^modelgraph: Unknown option '--fast'\. See `modelgraph bench --help`\.$/m,
  ],
  [['bench'], 2, /Expected one endpoint/],
  [
    ['bench', 'doubles', '--door', 'side'],
    2,
    /expected one of graphql, v2, v2-binary, grpc, tf-serving, got “side”/,
  ],
  [['sing'], 2, /no command “sing”/],
  [['run'], 2, /no command “run”\. There is “run start”, “run log”, “run finish”, “run reproduce”\. See/],
  [['spool', 'send', '/nowhere'], 3, /There is no folder \/nowhere/],
  [
    ['import', 'tensorboard', __dirname],
    3,
    /There are no event files \(\*tfevents\*\) in \/.* or below it\.$/m,
  ],
  [['import', 'wandb', __dirname], 3, /There are no runs of W&B \(offline-run-…\) in \/.*\.$/m],
])('%j ends with %d and a sentence', async (args, expected, sentence) => {
  const environment = { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key };
  const { code, out, err } = await runCli(args, environment);
  expect(err).toMatch(sentence);
  expect(err.split('\n').filter((line) => line !== '')).toHaveLength(1);
  expect(out).toBe('');
  expect(code).toBe(expected);
});

test('a first question that the server refuses ends it, with what is wrong', async () => {
  const rows = join(folder, 'rows.json');
  await writeFile(rows, '[{"a": 1, "b": 2, "c": 3}]');
  const { code, err } = await bench('doubles', '--rows', rows);
  expect(err).toMatch(/first question was refused: INVALID_INPUT/);
  expect(code).toBe(3);
});

test('a wrong key is told as such', async () => {
  const { code, err } = await runCli(['bench', 'doubles', '--url', server.url], { MODELGRAPH_KEY: 'no' });
  expect(err).toMatch(/^modelgraph: .*(credential|key)/i);
  expect(code).toBe(3);
});

test('help is an answer', async () => {
  expect(await runCli(['--help'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('bench') as string,
  });
  expect(await runCli(['bench', '--help'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('--max-p99') as string,
  });
});
