import { runCli } from '../support/cli-process';
import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { ServerProcess } from '../support/server-process';
import { deployEndpoint } from '../support/serving-client';

const PER_SECOND = 1_000;
/** Ten seconds show a limit of requests a second; `npm run soak` takes the minute that slower ones would need. */
const SECONDS = Number(process.env.MODELGRAPH_SOAK_S ?? 10);
/** Of starting the load, and of answering what is under way at the end, in ms. */
const MORE_MS = 120_000;
/** An empty variable counts as absent: the server's own default. */
const DEFAULT_SETTINGS = { ONNX_WORKERS: '' };

let folder: string;
let server: ServerProcess;
beforeAll(async () => {
  folder = await ServerProcess.newFolder();
  server = await ServerProcess.start(folder, DEFAULT_SETTINGS);
  await new RegistryClient(server).version('steady', affine());
  await deployEndpoint(server, 'steady', [{ ref: 'steady@1.0.0', weight: 1 }]);
});
afterAll(async () => {
  await server.kill('SIGTERM');
  await ServerProcess.removeFolder(folder);
});

interface Report {
  readonly stages: readonly { readonly latencyMs: object }[];
}

test(
  `${PER_SECOND} predictions a second for ${SECONDS} s with one key and default settings: none is refused`,
  async () => {
    const load = ['--rate', String(PER_SECOND), '--duration', `${SECONDS}s`, '--json'];
    const environment = { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key };
    const { out, err } = await runCli(['bench', 'steady', ...load], environment);
    const [stage] = (JSON.parse(out || '{"stages":[]}') as Report).stages;
    if (process.env.MODELGRAPH_SOAK_S) process.stderr.write(`${JSON.stringify(stage)}\n`);
    expect({ ...stage, err }).toMatchObject({ answered: PER_SECOND * SECONDS, failed: 0, errors: {} });
  },
  SECONDS * 1_000 + MORE_MS,
);
