import { isDeepStrictEqual } from 'node:util';
import { DOORS, type Content } from '../support/tensor-doors';
import { EchoRemote } from '../support/echo-remote';
import { affine, affineAnswer, identity, lookup } from '../support/onnx-models';
import { OpenInferenceClient } from '../support/open-inference-client';
import { scrape } from '../support/metrics-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { documentFor, REMOTE_KINDS, remoteModel, startFront } from '../support/remote-model';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

let brain: EchoRemote;
let wordsOnly: EchoRemote;
let neighbour: TestServer;
let front: Awaited<ReturnType<typeof startFront>>;
let server: TestServer;
let there: RegistryClient;
let here: RegistryClient;
beforeAll(async () => {
  brain = await new EchoRemote('BF16').start();
  wordsOnly = await new EchoRemote('BF16', []).start();
  neighbour = await startTestServer({ REMOTE_BACKENDS: brain.url });
  there = new RegistryClient(neighbour);
  for (const [name, bytes] of [
    ['affine', affine()],
    ['lookup', lookup(8)],
    ['points', scaled(2)],
    ['BF16', Buffer.from(remoteModel({ backend: 'open-inference', url: brain.url, model: 'x' }))],
  ] as const)
    await there.promote(await there.version(name, bytes), 'production');
  front = await startFront(neighbour, [wordsOnly.url], { REMOTE_PRICE_PER_HOUR: '3600' });
  server = front.server;
  here = new RegistryClient(server);
});
afterAll(async () => {
  await front.stop();
  await neighbour.stop();
  await brain.stop();
  await wordsOnly.stop();
});

const row = Array.from({ length: 30 }, (_, at) => ((at * 7) % 16) / 8);
const ask = (target: object, data: readonly number[] = row) =>
  predict(server, { ...target, inputs: [{ name: 'x', datatype: 'FP32', shape: [1, data.length], data }] });
interface Remote {
  readonly model: string;
}
async function remotes(): Promise<readonly Remote[]> {
  const { workerLoad } = await server.data<{ workerLoad: { remotes: Remote[] } }>(
    '{ workerLoad { remotes { backend origin model state reason inFlight maxInFlight } } }',
  );
  return workerLoad.remotes;
}
const refused = (code: string, sentence: RegExp) => ({
  __typename: 'InvalidArtifactError',
  code,
  message: expect.stringMatching(sentence) as string,
});

describe.each(REMOTE_KINDS)('%s', (kind) => {
  const name = kind.replaceAll(' ', '-');

  test('a version that another server has is promoted, deployed, asked and shown like any other', async () => {
    const ref = await here.version(name, Buffer.from(documentFor(kind, neighbour, 'affine')), {
      columns: [{ input: 'x', names: row.map((_, at) => `c${at}`) }],
    });
    const { version } = await here.register(name, Buffer.from(documentFor(kind, neighbour, 'affine')));
    expect(version).toMatchObject({ ref, format: 'REMOTE' });
    await here.promote(ref, 'production');
    await deployEndpoint(server, name, [{ ref: name, weight: 1 }]);
    const answer = affineAnswer(row);
    expect((await ask({ endpoint: name })).outputs).toMatchObject([{ name: 'y', data: answer }]);
    const byColumn = Object.fromEntries(row.map((value, at) => [`c${at}`, value]));
    const { rows } = await predict(server, { endpoint: name, rows: [byColumn, byColumn] });
    expect(rows).toEqual([{ y: answer }, { y: answer }]);
    const v2 = new OpenInferenceClient(server);
    expect((await v2.get(`/models/${name}`)).json).toMatchObject({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 30] }],
    });
    expect((await v2.get(`/models/${name}/ready`)).status).toBe(200);
  });

  test('who looks at the load of the server sees the model, its server and that it is asked', async () => {
    const ref = await here.version(`${name}-seen`, Buffer.from(documentFor(kind, neighbour, 'affine')));
    expect((await ask({ ref })).outputs).toHaveLength(1);
    const { backend, url } = JSON.parse(documentFor(kind, neighbour, 'affine')) as Record<string, string>;
    expect(await remotes()).toContainEqual({
      ...{ backend, origin: url, model: 'affine', state: 'READY', reason: null, inFlight: 0 },
      maxInFlight: expect.any(Number) as number,
    });
  });

  test('a value that the remote’s model refuses is the caller’s to mend', async () => {
    const ref = await here.version(`${name}-lookup`, Buffer.from(documentFor(kind, neighbour, 'lookup')));
    const inputs = [{ name: 'i', datatype: 'INT64', shape: [1, 1], data: [99] }];
    expect(await predict(server, { ref, inputs })).toMatchObject({ __typename: 'InvalidInputError' });
  });

  test('a model that the remote does not have is shown as one that was never met, and not as ready', async () => {
    await here.register('none', documentFor(kind, neighbour, 'unheard-of'));
    const { backend } = JSON.parse(documentFor(kind, neighbour, 'unheard-of')) as Record<string, string>;
    const shown = (await remotes()).filter(({ model }) => model === 'unheard-of');
    expect(shown.at(-1)).toMatchObject({ backend, state: 'UNKNOWN', reason: expect.any(String) as string });
  });

  test('Prometheus is told what each server was asked, what it did not answer, and of its models', async () => {
    const { backend, url: origin } = JSON.parse(documentFor(kind, neighbour, '')) as Record<string, string>;
    await here.register('none', documentFor(kind, neighbour, 'unheard-of either'));
    const ref = await here.version(`${name}-counted`, Buffer.from(documentFor(kind, neighbour, 'lookup')));
    const valueOf = async (metric: string, labels: object) =>
      (await scrape(server)).find(
        (line) =>
          line.name === metric && isDeepStrictEqual({ ...line.labels }, { backend, origin, ...labels }),
      )?.value ?? 0;
    const counts = async () => ({
      requests: await valueOf('modelgraph_remote_requests_total', {}),
      refused: await valueOf('modelgraph_remote_failures_total', { reason: 'refused' }),
    });
    const before = await counts();
    await predict(server, { ref, inputs: [{ name: 'i', datatype: 'INT64', shape: [1, 1], data: [99] }] });
    expect(await counts()).toEqual({ requests: before.requests + 1, refused: before.refused + 1 });
    expect(await valueOf('modelgraph_remote_models', { state: 'UNKNOWN' })).toBeGreaterThan(0);
    expect(await valueOf('modelgraph_remote_models', { state: 'READY' })).toBeGreaterThan(0);
    expect(await valueOf('modelgraph_remote_models', { state: 'DOWN' })).toBe(0);
    expect(await valueOf('modelgraph_remote_max_in_flight', {})).toBeGreaterThan(0);
  });

  test('what a remote has answered costs the time of its calls, and no idle time of anybody', async () => {
    await there.promote(await there.version(`${name}-priced`, affine()), 'production');
    const ref = await here.version(
      `${name}-priced`,
      Buffer.from(documentFor(kind, neighbour, `${name}-priced`)),
    );
    await deployEndpoint(server, `${name}-priced`, [{ ref, weight: 1 }]);
    await ask({ endpoint: `${name}-priced` });
    await ask({ endpoint: `${name}-priced` });
    const lines = (await scrape(server)).filter(({ labels }) => labels.endpoint === `${name}-priced`);
    const valueOf = (metric: string, labels: Readonly<Record<string, string>> = {}) =>
      lines.find(
        (line) =>
          line.name === metric && Object.entries(labels).every(([key, value]) => line.labels[key] === value),
      )?.value;
    const remoteS = valueOf('modelgraph_prediction_remote_seconds_total') ?? NaN;
    const computeS = valueOf('modelgraph_prediction_duration_seconds_sum', { stage: 'compute' });
    expect(remoteS).toBeGreaterThan(0);
    expect(remoteS).toBeCloseTo(computeS ?? NaN, 9);
    for (const costKind of ['busy', 'full'])
      // at one a second
      expect(valueOf('modelgraph_prediction_cost_total', { kind: costKind })).toBeCloseTo(remoteS, 9);
    expect(valueOf('modelgraph_prediction_paid_seconds_total')).toBe(0);
  });

  test('what cannot be served is not registered, and says why', async () => {
    const register = (fields: object, model = 'affine') =>
      here.register('none', documentFor(kind, neighbour, model, { ...fields }));
    expect(await register({}, 'nobody')).toMatchObject(refused('REMOTE_NOT_FOUND', /nobody/));
    expect(await register({ credential: null })).toMatchObject(refused('REMOTE_DENIED', /credential/));
    expect(await register({ credential: 'OTHER' })).toMatchObject(
      refused('REMOTE_NOT_ALLOWED', /no credential “OTHER”/),
    );
    const scheme = kind === 'open-inference over gRPC' ? 'grpc' : 'http';
    expect(await register({ url: `${scheme}://127.0.0.1:1` })).toMatchObject(
      refused('REMOTE_NOT_ALLOWED', /REMOTE_BACKENDS=\w+:\/\/127\.0\.0\.1:1/),
    );
    expect(await register({ backened: 'x' })).toMatchObject(
      refused('INVALID_REMOTE_MODEL', /no field “backened”/),
    );
  });
});

test('a remote whose model has changed takes no traffic for what was registered', async () => {
  const document = remoteModel({ backend: 'open-inference', url: wordsOnly.url, model: 'changing' });
  const ref = await here.version('changing', Buffer.from(document));
  wordsOnly.width = 3;
  try {
    const before = await here.version('before', scaled(3));
    await deployEndpoint(server, 'changing', [{ name: 'one', ref: before, weight: 1 }]);
    await deployEndpoint(server, 'changing', [{ name: 'one', ref, weight: 1 }]);
    expect((await ask({ endpoint: 'changing' }, [1, 2])).outputs).toMatchObject([{ data: [3, 6] }]);
    const query = '{ endpoint(name: "changing") { variants { health { state reason } } } }';
    const { endpoint } = await server.data<{ endpoint: { variants: object[] } }>(query);
    const reason = expect.stringMatching(/x BF16\[-1,3\].*Register it again/) as string;
    expect(endpoint.variants).toMatchObject([{ health: { state: 'WAITING', reason } }]);
  } finally {
    wordsOnly.width = 2;
  }
});

test('a shadow at a remote is compared with the answer', async () => {
  await there.promote(await there.version('twice', scaled(2)), 'production');
  const far = await here.version(
    'far',
    Buffer.from(documentFor('open-inference over HTTP', neighbour, 'twice')),
  );
  const near = await here.version('near', scaled(2));
  await deployEndpoint(server, 'watched', [
    { name: 'near', ref: near, weight: 1 },
    { name: 'far', ref: far, weight: 0, shadow: true },
  ]);
  expect((await ask({ endpoint: 'watched' }, [1, 2])).outputs).toMatchObject([{ data: [2, 4] }]);
});

describe('BF16', () => {
  const bytes = Uint8Array.from([0x80, 0x3f, 0xc1, 0x7f]);
  const content: Content = { datatype: 'BF16', shape: [1, 2], values: [1, NaN], bytes };

  test.each(['V2, binary', 'gRPC, raw', 'GraphQL, base64'])(
    'goes by %s to a remote over gRPC, and on to one over HTTP, with every bit',
    async (door) => {
      const document = documentFor('open-inference over gRPC', neighbour, 'BF16');
      await here.version('BF16', Buffer.from(document));
      await here.promote('BF16@1.0.0', 'production');
      expect(await DOORS[door]?.(server, 'BF16', content)).toEqual({
        shape: [1, 2],
        bytes: Buffer.from(bytes),
      });
    },
  );

  test('is refused by a model that runs here', async () => {
    expect(await here.register('brain', identity('BF16'))).toMatchObject(
      refused('UNSUPPORTED_ELEMENT_TYPE', /BFLOAT16/),
    );
  });

  test('is not sent to a remote that takes JSON only, which has no form for it', async () => {
    const document = remoteModel({ backend: 'open-inference', url: wordsOnly.url, model: 'x' });
    const ref = await here.version('words', Buffer.from(document));
    const inputs = [{ name: 'x', datatype: 'BF16', shape: [1, 2], data: [1, 2] }];
    expect(await predict(server, { ref, inputs })).toMatchObject({
      __typename: 'InvalidInputError',
      message: expect.stringMatching(/BF16, which travels as bytes only/) as string,
    });
  });
});
