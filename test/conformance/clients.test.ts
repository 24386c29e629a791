import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ONNX_DATATYPES, identity } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** A Python with what `clients/requirements.txt` says; `.ci/clients.sh` makes one. */
const PYTHON = process.env.CLIENTS_PYTHON;
/** A Python with what `clients/requirements-mlflow.txt` says. */
const MLFLOW = process.env.MLFLOW_PYTHON;
/** Load generators, where they run: Locust, and Triton's. */
const LOCUST = process.env.LOCUST;
const PERF_ANALYZER = process.env.PERF_ANALYZER;
/** Of one client, with its imports, in ms. */
const LIMIT_MS = 120_000;

let server: TestServer;
beforeAll(async () => {
  if (!PYTHON && !MLFLOW && !LOCUST && !PERF_ANALYZER) return;
  server = await startTestServer({ WEBHOOK_PRIVATE_HOSTS: '*' }); // receivers are on this machine
  const registry = new RegistryClient(server);
  const models: [string, Uint8Array][] = ONNX_DATATYPES.map((datatype) => [datatype, identity(datatype)]);
  for (const [name, bytes] of [
    ...models,
    ['double', scaled(2)] as const,
    ['words', identity('BYTES')] as const,
  ]) {
    await registry.version(name, bytes);
    await registry.promote(`${name}@1.0.0`, 'production');
  }
  await deployEndpoint(server, 'numbers', [{ ref: 'FP32@production', weight: 1 }]);
}, LIMIT_MS);
afterAll(() => server?.stop());

/** What a program says; rejects with it where the program ends with an error. */
const run = (command: string, ...args: readonly string[]) => runWith({}, command, ...args);
async function runWith(
  more: NodeJS.ProcessEnv,
  command: string,
  ...args: readonly string[]
): Promise<string> {
  const environment = {
    MODELGRAPH_URL: server.url,
    MODELGRAPH_GRPC: server.grpcAddress,
    MODELGRAPH_KEY: server.key,
    MLFLOW_TRACKING_URI: server.url,
  };
  const child = spawn(command, args, {
    env: { ...process.env, ...environment, ...more, PYTHONIOENCODING: 'utf-8' },
    timeout: LIMIT_MS,
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${said}`);
  return said;
}

(PYTHON ? test : test.skip).each([
  ['open-inference.py', 'http'],
  ['open-inference-grpc.py', 'stubs'],
  ['open-inference-grpc.py', 'triton'],
])(
  '%s (%s) finds all that it asks for',
  async (script, part) => {
    const said = await run(PYTHON ?? '', join(__dirname, 'clients', script), part);
    expect(said.split('\n').filter((line) => line.startsWith('ok  ')).length).toBeGreaterThan(10);
  },
  LIMIT_MS,
);

const SECTION_HELD = /^\{"section": "\w+", "ok": true/gm;

(MLFLOW ? test : test.skip)(
  'MLflow’s own client finds all that it asks for, by token',
  async () => {
    const script = join(__dirname, 'clients/mlflow-client.py');
    const said = await runWith({ MLFLOW_TRACKING_TOKEN: server.key }, MLFLOW ?? '', script);
    expect(said.match(SECTION_HELD)?.length).toBeGreaterThan(27);
  },
  LIMIT_MS,
);

(MLFLOW ? test : test.skip)(
  'MLflow’s own client comes in by any name and the key as its password',
  async () => {
    const script = join(__dirname, 'clients/mlflow-client.py');
    const credential = { MLFLOW_TRACKING_USERNAME: 'anybody', MLFLOW_TRACKING_PASSWORD: server.key };
    const said = await runWith(credential, MLFLOW ?? '', script, 'health', 'runs', 'artifacts');
    expect(said.match(SECTION_HELD)?.length).toBe(3);
  },
  LIMIT_MS,
);

(LOCUST ? test : test.skip)(
  'Locust runs our example: users by GraphQL and by the Open Inference Protocol, and nothing fails',
  async () => {
    const file = join(__dirname, '../../examples/locust/locustfile.py');
    const load = ['--users', '20', '--spawn-rate', '20', '--run-time', '5s', '--endpoint', 'numbers'];
    const said = await run(LOCUST ?? '', '-f', file, '--headless', '--only-summary', ...load);
    for (const name of ['predict by GraphQL', 'predict by Open Inference'])
      expect(said).toMatch(new RegExp(`POST +${name} +[1-9]\\d* +0\\(0\\.00%\\)`));
  },
  LIMIT_MS,
);

(PERF_ANALYZER ? test : test.skip).each(['http', 'grpc'])(
  'perf_analyzer measures over %s',
  async (protocol) => {
    const address = protocol === 'grpc' ? server.grpcAddress : server.url.replace('http://', '');
    const pace = ['--measurement-interval', '1000', '--stability-percentage', '100'];
    const credential = ['-H', `authorization:Bearer ${server.key}`];
    const what = ['-m', 'double', '-i', protocol, '-u', address];
    expect(await run(PERF_ANALYZER ?? '', ...what, ...credential, ...pace)).toMatch(/throughput: \d+/);
  },
  LIMIT_MS,
);
