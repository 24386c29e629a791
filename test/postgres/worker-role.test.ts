import { status as Code } from '@grpc/grpc-js';
import { FleetProcesses } from '../support/fleet-processes';
import { floatBytes, floatsIn, GrpcClient } from '../support/grpc-client';
import { scrape } from '../support/metrics-client';
import { affine, affineAnswer } from '../support/onnx-models';
import { OpenInferenceClient } from '../support/open-inference-client';
import { fakeNvidiaSmi, says, TWO_CARDS } from '../support/nvidia-smi';
import { RegistryClient, scaled } from '../support/registry-client';
import { ScoreCallers } from '../support/score-callers';
import { deployEndpoint, predict } from '../support/serving-client';
import type { ServerProcess } from '../support/server-process';
import { until } from '../support/until';
import { MAX_FAILURES } from '../../src/serving/routing/variant-health';

/** At each API process. */
const CALLERS = 8;
/** Answers that show that all is well. */
const SOME = 50;
/** Who is not told of a change, or waits for somebody who is gone, takes longer: both look again after 5 s. */
const SOON_MS = 4_000;
const NOBODY = expect.stringContaining('No worker is there at the moment.');
const ROW = Array.from({ length: 30 }, (_, index) => index / 8);

const INPUTS = [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: ROW }];

let fleet: FleetProcesses;
let apis: [ServerProcess, ServerProcess];
let workers: [ServerProcess, ServerProcess];
let sha256: string;
let removeProgram: () => Promise<void>;

beforeAll(async () => {
  fleet = await FleetProcesses.open();
  const program = await fakeNvidiaSmi(says(TWO_CARDS));
  removeProgram = program.remove;
  const [first, second] = await Promise.all([
    fleet.start('worker', { PATH: program.path }),
    fleet.start('worker'),
  ]);
  workers = [first, second];
  apis = [await fleet.start('api'), await fleet.start('api')];
  sha256 = await apis[0].upload(affine());
  const registry = new RegistryClient(apis[0]);
  const { version } = await registry.registerUploaded('affine', sha256);
  await registry.promote(version.ref, 'production');
  await deployEndpoint(apis[0], 'scores', [{ ref: 'affine', weight: 1 }]);
});
afterAll(async () => {
  await fleet.stop();
  await removeProgram();
});

/** Both API processes under load, while `work` goes on. */
async function underLoad(work: (callers: ScoreCallers) => Promise<void>): Promise<ScoreCallers> {
  const callers = new ScoreCallers(apis, CALLERS);
  try {
    await callers.answers(SOME);
    await work(callers);
    await callers.answers(SOME);
  } finally {
    await callers.stop();
  }
  expect(callers.wrong).toEqual([]);
  return callers;
}

test('both workers hold what was deployed through one of two API processes, and both of these answer', async () => {
  for (const worker of workers) await fleet.holds(worker, 1);
  const callers = await underLoad(() => Promise.resolve());
  expect(callers.refused).toEqual([]);
  for (const { url } of [...apis, ...workers]) expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test('an API process tells what its answers ran on, how busy the workers elsewhere are, and what memory a model takes', async () => {
  const [api] = apis;
  await predict(api, {
    endpoint: 'scores',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: ROW }],
  });
  const { workerLoad } = await api.data<{ workerLoad: { workers: object[] } }>(
    '{ workerLoad { workers { node provider restarts modelCount rssBytes } } }',
  );
  expect(workerLoad.workers.length).toBeGreaterThanOrEqual(workers.length);
  for (const { grpcAddress: node } of workers)
    expect(workerLoad.workers).toContainEqual(
      expect.objectContaining({ node, provider: 'cpu', modelCount: 1 }),
    );
  const stats = await new OpenInferenceClient(api).get('/models/scores/stats');
  expect(stats.json.model_stats?.[0]?.memory_usage).toMatchObject([{ type: 'CPU' }]);
  const lines = await scrape(api);
  const info = lines.find(({ name }) => name === 'modelgraph_prediction_info');
  const states = lines.filter(({ name, value }) => name === 'modelgraph_worker_state' && value === 1);
  const nodes = workers.map(({ grpcAddress }) => grpcAddress);
  expect([...new Set(states.map(({ labels }) => labels['node']))].sort()).toEqual(nodes.sort());
  expect(info?.labels).toMatchObject({ endpoint: 'scores', backend: 'onnx', provider: 'cpu' });
});

test('an API process tells of the cards of the machines on which its workers run', async () => {
  const [api] = apis;
  const node = workers[0].grpcAddress;
  const { workerLoad } = await api.data('{ workerLoad { gpus { node name utilisation workers } } }');
  expect(workerLoad).toEqual({
    gpus: [
      { node, name: 'NVIDIA H100 80GB HBM3', utilisation: 0.37, workers: [] },
      { node, name: 'NVIDIA A30, rev. 2', utilisation: null, workers: [] },
    ],
  });
  const used = (await scrape(api)).filter(({ name }) => name === 'nv_gpu_memory_used_bytes');
  expect(used.map(({ labels }) => labels['node'])).toEqual([node, node]);
});

test('a worker answers nobody without the token, and any client of the protocol with it', async () => {
  const question = {
    modelName: sha256,
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 30n] }],
    rawInputContents: [floatBytes(ROW)],
  };
  const stranger = new GrpcClient(workers[0].grpcAddress, apis[0].key); // an admin of the API is none here
  await expect(stranger.call('modelInfer', question)).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });
  await expect(stranger.call('serverLive', {})).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });
  stranger.close();
  const known = new GrpcClient(workers[0].grpcAddress, await fleet.token());
  const { rawOutputContents } = await known.call('modelInfer', question);
  expect(floatsIn(rawOutputContents[0])).toEqual(affineAnswer(ROW));
  expect(await known.call('repositoryIndex', {})).toMatchObject({
    models: [{ name: sha256, state: 'READY' }],
  });
  const lost = known.call('repositoryModelLoad', { modelName: '0'.repeat(64) });
  await expect(lost).rejects.toMatchObject({
    details: expect.stringContaining('has no bytes of 000') as string,
  });
  known.close();
  for (const path of ['/graphql', '/v2/models', '/artifacts'])
    expect((await fetch(workers[0].url + path, { headers: apis[0].headers })).status).toBe(404);
});

test.each(['grpc://', 'dns://'])('an api process finds workers by %s, without rows', async (scheme) => {
  const { port } = new URL(`http://${workers[0].grpcAddress}`);
  const api = await fleet.start('api', { WORKERS: `${scheme}127.0.0.1:${port}` });
  const answer = await predict(api, { endpoint: 'scores', inputs: INPUTS });
  expect(answer.outputs[0]?.data).toEqual(affineAnswer(ROW));
  await fleet.end(api, 'SIGTERM');
});

test('an api process with another token has no workers: it says so, and answers all else', async () => {
  const api = await fleet.start('api', { WORKER_TOKEN: 'x'.repeat(40) });
  expect(await (await fetch(`${api.url}/readyz`)).json()).toEqual({
    status: 'not ready',
    failing: ['workers'],
  });
  expect(await predict(api, { endpoint: 'scores', inputs: INPUTS, timeoutMs: 100 })).toMatchObject({
    __typename: expect.stringMatching(/UnavailableError|NotFoundError/) as string,
  });
  expect(await api.data('{ models { nodes { name } } }')).toEqual({
    models: { nodes: [{ name: 'affine' }] },
  });
  const { workerLoad } = await api.data<{ workerLoad: { workers: object[] } }>(
    '{ workerLoad { workers { node state problem } undiscovered } }',
  );
  const problem = expect.stringMatching(
    /^It has not answered since .* both need the same WORKER_TOKEN/,
  ) as string;
  for (const { grpcAddress: node } of workers)
    expect(workerLoad.workers).toContainEqual({ node, state: 'DOWN', problem });
  await fleet.end(api, 'SIGTERM');
});

test('kill -9 of a worker under load gives no wrong answer and refuses nobody: the other one answers', async () => {
  const [killed, other] = workers;
  let recoveredMs = Infinity;
  const callers = await underLoad(async (callers) => {
    await fleet.end(killed, 'SIGKILL');
    recoveredMs = await callers.answers(SOME);
  });
  workers = [await fleet.start('worker'), other];
  expect(callers.refused).toEqual([]);
  expect(recoveredMs).toBeLessThan(SOON_MS);
});

test('a worker that was started later is found and given what is deployed; the other one may then leave', async () => {
  const [late, leaving] = workers;
  await fleet.holds(late, 1);
  const callers = await underLoad(async (callers) => {
    expect(await fleet.end(leaving, 'SIGTERM')).toBe(0);
    expect(await callers.answers(SOME)).toBeLessThan(SOON_MS);
  });
  expect([callers.refused, callers.unanswered]).toEqual([[], 0]);
  expect((await fleet.rows()).map(({ address }) => address)).not.toContain(leaving.grpcAddress);
  workers = [late, await fleet.start('worker')];
  await fleet.holds(workers[1], 1);
});

test('a worker that hangs costs a wait, and no answer', async () => {
  const [hanging] = workers;
  const callers = await underLoad(async (callers) => {
    process.kill(hanging.pid, 'SIGSTOP');
    await callers.everybody();
    process.kill(hanging.pid, 'SIGCONT');
  });
  expect(callers.refused).toEqual([]);
});

test('while the database hangs, what is deployed keeps predicting through both', async () => {
  const callers = await underLoad(async (callers) => {
    fleet.freezeDatabase();
    await callers.answers(10 * SOME);
    fleet.thawDatabase();
  });
  expect(callers.refused).toEqual([]);
});

test('kill -9 of an API process costs only those whom it was answering; the other obeys what is changed next', async () => {
  const [killed, other] = apis;
  const callers = await underLoad(async (callers) => {
    await fleet.end(killed, 'SIGKILL');
    expect(await callers.answers(SOME)).toBeLessThan(SOON_MS);
  });
  expect([callers.refused, callers.unanswered]).toEqual([[], CALLERS]);
  const registry = new RegistryClient(other);
  apis = [other, await fleet.start('api')];
  const deployed = await deployEndpoint(apis[1], 'doubles', [
    { ref: await registry.version('doubled', scaled(2)), weight: 1 },
  ]);
  expect(deployed).toMatchObject({ __typename: 'DeployEndpointSuccess' });
  const question = { endpoint: 'doubles', rows: [{ x: [1, 2] }] };
  let answer = await predict(other, question);
  const askedAt = performance.now();
  while (answer.__typename === 'NotFoundError') answer = await predict(other, question);
  expect(performance.now() - askedAt).toBeLessThan(SOON_MS);
  expect(answer).toMatchObject({ __typename: 'PredictSuccess', outputs: [{ data: [2, 4] }] });
});

test('where the only workers are killed, whoever asks hears so at once, and is answered as soon as one is back', async () => {
  const [api] = apis;
  const ask = () => predict(api, { endpoint: 'scores', inputs: INPUTS, timeoutMs: 60_000 });
  await Promise.all(workers.map((worker) => fleet.end(worker, 'SIGKILL')));
  await until(async () => (await fetch(`${api.url}/readyz`)).status === 503);
  const askedAt = performance.now();
  for (let time = 0; time < MAX_FAILURES; time++)
    expect(await ask()).toMatchObject({ __typename: 'UnavailableError', retryable: true, message: NOBODY });
  expect(performance.now() - askedAt).toBeLessThan(SOON_MS);
  const { endpoint } = await api.data<{ endpoint: unknown }>(
    '{ endpoint(name: "scores") { variants { health { reason } } } }',
  );
  expect(endpoint).toEqual({ variants: [{ health: { reason: NOBODY } }] });
  await fleet.ageRows();
  await until(async () => {
    const query = '{ workerLoad { undiscovered } }';
    const { undiscovered } = (await api.data<{ workerLoad: { undiscovered: string[] } }>(query)).workerLoad;
    const isTold = (address: string) =>
      undiscovered.some((why) => why.startsWith(`${address} is not asked: its last heartbeat was at 20`));
    return workers.every(({ grpcAddress }) => isTold(grpcAddress));
  });
  const back = await fleet.start('worker');
  await until(async () => (await ask()).__typename === 'PredictSuccess');
  workers = [back, await fleet.start('worker')];
});
