import { crashingOnMissing } from '../support/onnx-models';
import { ApiClient } from '../support/api-client';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { RoutingClient } from '../support/routing-client';
import { predict } from '../support/serving-client';
import { DOORS } from '../support/tensor-doors';
import { startTestServer, type TestServer } from '../support/test-server';

const tensor = (...data: unknown[]) => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, data.length], data }],
});
const QUESTION = tensor(1, 2);
const OLD = { name: 'old', ref: 'scale@1.0.0', weight: 1 };
const NEW = { name: 'new', ref: 'scale@1.0.1', weight: 0 };
const TO_NEW = { header: 'X-Group', equals: ['beta', 'gamma'], variant: 'new' };

let server: TestServer;
let routing: RoutingClient;
beforeAll(async () => {
  server = await startTestServer({ ONNX_WORKERS: '2' });
  routing = new RoutingClient(server);
  const registry = new RegistryClient(server);
  await registry.version('scale', scaled(2));
  await registry.version('scale', scaled(3));
  await registry.version('columns', scaled(2), { columns: [{ input: 'x', names: ['age', 'country'] }] });
  await registry.version('columns', scaled(3), { columns: [{ input: 'x', names: ['age', 'country'] }] });
});
afterAll(() => server.stop());

/** The API as a caller with more headers sees it. */
class CallerWith extends ApiClient {
  constructor(private readonly more: Record<string, string>) {
    super(server.url, server.key);
  }

  override get headers(): Record<string, string> {
    return { ...super.headers, ...this.more };
  }
}
const withHeaders = (headers: Record<string, string>) => new CallerWith(headers);
const variantOf = async (endpoint: string, question: object = QUESTION, api: ApiClient = server) =>
  (await predict(api, { endpoint, ...question })).variant;

describe('a rule', () => {
  test('sends callers with a header to its variant, which needs no weight', async () => {
    await routing.deploy('by-header', [OLD, NEW], { rules: [TO_NEW] });
    expect(await variantOf('by-header', QUESTION, withHeaders({ 'x-group': 'beta' }))).toBe('new');
    expect(await variantOf('by-header', QUESTION, withHeaders({ 'x-group': 'delta' }))).toBe('old');
    expect(await variantOf('by-header')).toBe('old');
  });

  test('sends callers by a column of their first row', async () => {
    const rules = [{ field: 'country', equals: ['49'], variant: 'new' }];
    const variants = [
      { ...OLD, ref: 'columns@1.0.0' },
      { ...NEW, ref: 'columns@1.0.1' },
    ];
    await routing.deploy('by-column', variants, { rules });
    const rows = (...countries: number[]) => ({ rows: countries.map((country) => ({ age: 1, country })) });
    expect(await variantOf('by-column', rows(49, 33))).toBe('new');
    expect(await variantOf('by-column', rows(33, 49))).toBe('old');
  });

  test('is kept where a change does not speak of it, also over a restart, and goes where it is left out', async () => {
    const { endpoint } = await routing.deploy('kept', [OLD, NEW], { rules: [TO_NEW] });
    const stored = [{ header: 'x-group', field: null, equals: ['beta', 'gamma'], variant: 'new' }];
    expect(endpoint.rules).toEqual(stored);
    expect((await routing.split('kept', [OLD, NEW])).endpoint.rules).toEqual(stored);
    await server.restart();
    expect(await variantOf('kept', QUESTION, withHeaders({ 'x-group': 'gamma' }))).toBe('new');
    expect((await routing.split('kept', [OLD, NEW], { rules: [] })).endpoint.rules).toEqual([]);
    expect(await variantOf('kept', QUESTION, withHeaders({ 'x-group': 'gamma' }))).toBe('old');
  });

  test('that would lead nowhere is refused, and so is taking its variant away', async () => {
    const refused = { __typename: 'InvalidInputError', issues: [{ path: 'rules[0].variant' }] };
    expect(await routing.deploy('nowhere', [OLD], { rules: [TO_NEW] })).toMatchObject(refused);
    expect(await server.data('{ endpoint(name: "nowhere") { id } }')).toEqual({ endpoint: null });
    await routing.deploy('held', [OLD, NEW], { rules: [TO_NEW] });
    expect(await routing.split('held', [OLD])).toMatchObject(refused);
    expect(await routing.split('held', [OLD, { ...NEW, shadow: true }])).toMatchObject(refused);
    expect(await routing.endpoint('held')).toMatchObject({ revision: 1 });
    expect(await routing.split('held', [OLD], { rules: [] })).toMatchObject({ endpoint: { revision: 2 } });
  });

  test('applies through every door', async () => {
    const rules = [TO_NEW, { field: 'group', equals: ['7'], variant: 'new' }];
    await routing.deploy('doors', [OLD, NEW], { rules });
    const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
      const init = { method: 'POST', headers: { ...server.headers, ...headers }, body: JSON.stringify(body) };
      return (await fetch(`${server.url}${path}`, init)).json() as Promise<Record<string, unknown>>;
    };
    const beta = { 'x-group': 'beta' };
    const twice = { predictions: [[2, 4]] };
    const thrice = { predictions: [[3, 6]] };
    expect(await post('/v1/models/doors:predict', { instances: [[1, 2]] })).toEqual(twice);
    expect(await post('/v1/models/doors:predict', { instances: [[1, 2]] }, beta)).toEqual(thrice);
    const answered = (data: number[]) => ({ outputs: [{ data }] });
    expect(await post('/v2/models/doors/infer', QUESTION)).toMatchObject(answered([2, 4]));
    expect(await post('/v2/models/doors/infer', QUESTION, beta)).toMatchObject(answered([3, 6]));
    const asked = { ...QUESTION, parameters: { group: 7 } };
    expect(await post('/v2/models/doors/infer', asked)).toMatchObject(answered([3, 6]));
  });

  test.each(Object.entries(DOORS))(
    'looks at a column of the first row where tensors come: %s',
    async (_name, door) => {
      const variants = [
        { ...OLD, ref: 'columns@1.0.0' },
        { ...NEW, ref: 'columns@1.0.1' },
      ];
      await routing.deploy('by-place', variants, {
        rules: [{ field: 'country', equals: ['0.1'], variant: 'new' }],
      });
      const firstOf = async (...values: number[]) => {
        const bytes = new Uint8Array(Float32Array.from(values).buffer);
        const content = { datatype: 'FP32', shape: [2, 2], values, bytes };
        const echo = await door(server, 'by-place', content, 'endpoint');
        if ('refused' in echo) throw new Error(echo.refused);
        return 'values' in echo ? echo.values[0] : Buffer.from(echo.bytes).readFloatLE();
      };
      expect(await firstOf(1, 0.1, 1, 5)).toBe(3);
      expect(await firstOf(1, 5, 1, 0.1)).toBe(2);
    },
  );

  test('cannot look at credentials', async () => {
    const rules = [{ ...TO_NEW, header: 'Authorization' }];
    expect(await routing.deploy('nosy', [OLD, NEW], { rules })).toMatchObject({
      issues: [{ path: 'rules[0].header' }],
    });
  });
});

describe('a strategy', () => {
  test.each<[object, object]>([
    [{ kind: 'WEIGHTS' }, { kind: 'WEIGHTS', epsilon: null }],
    [{ kind: 'EPSILON_GREEDY' }, { kind: 'EPSILON_GREEDY', epsilon: 0.1 }],
    [
      { kind: 'EPSILON_GREEDY', epsilon: 0 },
      { kind: 'EPSILON_GREEDY', epsilon: 0 },
    ],
    [{ kind: 'THOMPSON_SAMPLING' }, { kind: 'THOMPSON_SAMPLING', epsilon: null }],
  ])('%j is kept', async (strategy, stored) => {
    expect((await routing.deploy('strategic', [OLD], { strategy })).endpoint.strategy).toEqual(stored);
    expect((await routing.split('strategic', [OLD])).endpoint.strategy).toEqual(stored);
  });

  test.each([
    { kind: 'EPSILON_GREEDY', epsilon: 1.5 },
    { kind: 'THOMPSON_SAMPLING', epsilon: 0.1 },
  ])('%j is refused', async (strategy) => {
    expect(await routing.deploy('refused', [OLD], { strategy })).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [{ path: 'strategy.epsilon' }],
    });
  });

  const ARMS = [OLD, { ...NEW, weight: 1 }];
  /** Asks until nearly all of the last predictions were answered by one variant, and tells what each was worth. */
  async function learnUntil(endpoint: string, favourite: string): Promise<void> {
    for (;;) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => predict(server, { endpoint, ...QUESTION })),
      );
      const hits = answers.filter(({ variant }) => variant === favourite).length;
      if (hits >= 45) return;
      const feedback = answers.map(({ predictionId, variant }) => ({
        predictionId,
        reward: variant === favourite ? 1 : 0,
      }));
      await routing.recordFeedbackMany(feedback);
    }
  }

  test.each([{ kind: 'THOMPSON_SAMPLING' }, { kind: 'EPSILON_GREEDY', epsilon: 0.01 }])(
    'that learns follows the feedback, and goes on with it after a restart: %j',
    async (strategy) => {
      const endpoint = `learning-${strategy.kind}`;
      await routing.deploy(endpoint, ARMS, { strategy });
      await learnUntil(endpoint, 'new');
      await server.restart();
      const answers = await Promise.all(Array.from({ length: 50 }, () => variantOf(endpoint)));
      expect(answers.filter((name) => name === 'new').length).toBeGreaterThan(40);
    },
  );

  test('learns nothing from callers whom a rule has sent', async () => {
    const rules = [{ ...TO_NEW, variant: 'old' }];
    await routing.deploy('ruled', ARMS, { strategy: { kind: 'EPSILON_GREEDY', epsilon: 0 }, rules });
    const sent = withHeaders({ 'x-group': 'beta' });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => predict(sent, { endpoint: 'ruled', ...QUESTION })),
    );
    await routing.recordFeedbackMany(answers.map(({ predictionId }) => ({ predictionId, reward: 1 })));
    await server.restart();
    // Had it learnt, nobody would be sent to the other one any more.
    const variants = await Promise.all(Array.from({ length: 50 }, () => variantOf('ruled')));
    expect(new Set(variants)).toEqual(new Set(['old', 'new']));
  });

  test('learns nothing from callers who have asked for a version', async () => {
    await routing.deploy('pinned', ARMS, { strategy: { kind: 'EPSILON_GREEDY', epsilon: 0 } });
    const v2 = new OpenInferenceClient(server);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => v2.post('/models/pinned/versions/1.0.0/infer', QUESTION)),
    );
    const ids = answers.map(({ json }) => json.parameters?.prediction_id);
    const { results } = await routing.recordFeedbackMany(
      ids.map((predictionId) => ({ predictionId, reward: 1 })),
    );
    expect(results.every((one) => one.created && one.feedback.variant === 'old')).toBe(true);
    await server.restart();
    const variants = await Promise.all(Array.from({ length: 50 }, () => variantOf('pinned')));
    expect(new Set(variants)).toEqual(new Set(['old', 'new']));
  });
});

describe('a variant that breaks', () => {
  const STURDY = { name: 'sturdy', ref: 'sturdy@1.0.0', weight: 1e-9 };
  const FRAGILE = { name: 'fragile', ref: 'fragile@1.0.0', weight: 1 };
  /** Kills the worker that runs it in `fragile`, and is answered by the others. */
  const FATAL = tensor('NaN');
  const healthOf = async (endpoint: string, name: string) =>
    (await routing.endpoint(endpoint)).variants.find((variant) => variant.name === name)?.health;
  beforeAll(async () => {
    const registry = new RegistryClient(server);
    await registry.version('fragile', crashingOnMissing());
    await registry.version('sturdy', scaled(2, 1));
  });

  test('is healthy until then', async () => {
    await routing.deploy('healthy', [OLD, { ...NEW, shadow: true }]);
    const healthy = { state: 'HEALTHY', reason: null, since: expect.any(String) };
    expect(await healthOf('healthy', 'old')).toEqual(healthy);
    expect(await healthOf('healthy', 'new')).toEqual(healthy);
  });

  test('has its predictions answered by another, and its traffic after some of them', async () => {
    await routing.deploy('failing', [FRAGILE, STURDY]);
    expect(await variantOf('failing', tensor(1))).toBe('fragile');
    for (;;) {
      const answer = await predict(server, { endpoint: 'failing', ...FATAL });
      expect(answer).toMatchObject({ __typename: 'PredictSuccess', variant: 'sturdy' });
      const health = await healthOf('failing', 'fragile');
      if (health?.state !== 'HEALTHY') break;
    }
    expect(await healthOf('failing', 'fragile')).toEqual({
      state: expect.stringMatching(/^(RESTING|ON_TRIAL)$/),
      reason: expect.stringMatching(/./),
      since: expect.any(String),
    });
    expect(await healthOf('failing', 'sturdy')).toMatchObject({ state: 'HEALTHY' });
  });

  test('alone is asked all the same, and its error answered', async () => {
    await routing.deploy('alone', [FRAGILE]);
    for (let count = 0; count < 7; count += 1) {
      expect(await predict(server, { endpoint: 'alone', ...FATAL })).toMatchObject({
        __typename: 'UnavailableError',
      });
    }
  });
});
