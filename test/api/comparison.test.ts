import { RegistryClient, scaled } from '../support/registry-client';
import { RoutingClient } from '../support/routing-client';
import { predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const QUESTION = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
const OLD = { name: 'old', ref: 'scale@1.0.0', weight: 1 };
const NEW = { name: 'new', ref: 'scale@1.0.1', weight: 1 };

let server: TestServer;
let routing: RoutingClient;
beforeAll(async () => {
  server = await startTestServer();
  routing = new RoutingClient(server);
  const registry = new RegistryClient(server);
  await registry.version('scale', scaled(2));
  await registry.version('scale', scaled(3));
});
afterAll(() => server.stop());

const COMPARISON = `query ($name: String!, $control: String!, $treatment: String!, $minutes: Int) {
  endpoint(name: $name) { comparison(control: $control, treatment: $treatment, minutes: $minutes) {
    control { ...side } treatment { ...side }
    disagreement { compared disagreed rate meanAbsDifference dropped }
    feedbackSince lift { difference lower upper } decided } } }
  fragment side on ComparedVariant { feedback meanReward
    latency { variant shadow errorRate version { ref } total { p50Ms p99Ms } } }`;
interface Side {
  readonly feedback: number;
  readonly meanReward: number | null;
  readonly latency: {
    readonly variant: string;
    readonly errorRate: number;
    readonly total: { readonly p50Ms: number | null };
  };
}
interface Comparison {
  readonly control: Side;
  readonly treatment: Side;
  readonly disagreement: object | null;
  readonly feedbackSince: string | null;
  readonly lift: { readonly lower: number; readonly upper: number } | null;
  readonly decided: string;
}
async function compare(name: string, more: object = {}): Promise<Comparison> {
  const variables = { name, control: 'old', treatment: 'new', ...more };
  const { endpoint } = await server.data<{ endpoint: { comparison: Comparison } }>(COMPARISON, variables);
  return endpoint.comparison;
}
const predictTimes = (endpoint: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => predict(server, { endpoint, ...QUESTION })));
/** Feedback to so many predictions; what each is worth is told by its variant and its place. */
async function tell(endpoint: string, count: number, worth: (variant: string, place: number) => number) {
  const answers = await predictTimes(endpoint, count);
  const { results } = await routing.recordFeedbackMany(
    answers.map(({ predictionId, variant }, place) => ({
      predictionId,
      reward: worth(variant ?? '', place),
    })),
  );
  expect(results.every(({ created }) => created)).toBe(true);
}

/** Until each of the endpoint's shadows has answered so often. */
async function shadowsAnswered(name: string, count: number, since: string): Promise<void> {
  const query = `query ($name: String!, $since: DateTime!) { endpoint(name: $name) {
    latency(since: $since) { from to variants { shadow requestsPerSecond } } } }`;
  type Window = { from: string; to: string; variants: { shadow: boolean; requestsPerSecond: number }[] };
  for (;;) {
    const { endpoint } = await server.data<{ endpoint: { latency: Window[] } }>(query, { name, since });
    const answered = endpoint.latency.flatMap(({ from, to, variants }) =>
      variants
        .filter(({ shadow }) => shadow)
        .map(({ requestsPerSecond }) => (requestsPerSecond * (Date.parse(to) - Date.parse(from))) / 1_000),
    );
    if (answered.reduce((sum, each) => sum + Math.round(each), 0) >= count) return;
  }
}

test('without traffic nothing is known', async () => {
  await routing.deploy('silent', [OLD, NEW]);
  const silent = { feedback: 0, meanReward: null };
  expect(await compare('silent')).toEqual({
    control: {
      ...silent,
      latency: expect.objectContaining({ variant: 'old', version: { ref: 'scale@1.0.0' } }),
    },
    treatment: {
      ...silent,
      latency: expect.objectContaining({ variant: 'new', version: { ref: 'scale@1.0.1' } }),
    },
    disagreement: null,
    feedbackSince: null,
    lift: null,
    decided: 'NOT_YET',
  });
});

test('feedback decides, once there is enough of it', async () => {
  await routing.deploy('judged', [OLD, NEW]);
  const worth = (variant: string, place: number) =>
    Number(variant === 'new' ? place % 5 > 0 : place % 5 === 0);
  await tell('judged', 100, worth);
  expect(await compare('judged')).toMatchObject({ lift: null, decided: 'NOT_YET' });
  for (const count of [200, 200, 200]) await tell('judged', count, worth);
  const known = await compare('judged');
  expect(known).toMatchObject({ decided: 'TREATMENT_BETTER', feedbackSince: expect.any(String) });
  expect(known.control.meanReward).toBeLessThan(0.4);
  expect(known.treatment.meanReward).toBeGreaterThan(0.6);
  expect(known.lift?.lower).toBeGreaterThan(0);
  expect(known.lift?.upper).toBeGreaterThan(known.lift?.lower ?? Infinity);
  expect(await compare('judged', { control: 'new', treatment: 'old' })).toMatchObject({
    decided: 'CONTROL_BETTER',
    lift: { lower: -(known.lift?.upper ?? NaN), upper: -(known.lift?.lower ?? NaN) },
  });
});

test('feedback counts from when both have some, and only for the versions of now', async () => {
  await routing.deploy('growing', [OLD]);
  await tell('growing', 30, () => 0);
  await routing.split('growing', [OLD, NEW]);
  expect(await compare('growing')).toMatchObject({ control: { feedback: 30 }, treatment: { feedback: 0 } });
  for (const count of [40, 40]) await tell('growing', count, () => 1); // the first may all be before the other side's
  const { control, treatment } = await compare('growing');
  expect(control).toMatchObject({ feedback: expect.any(Number), meanReward: 1 });
  expect(treatment.feedback).toBeGreaterThan(5);
  await routing.split('growing', [OLD, { ...NEW, ref: 'scale@1.0.0' }]);
  expect(await compare('growing')).toMatchObject({ treatment: { feedback: 0, meanReward: null } });
});

test('a variant with more rewards than are compared is judged by the same time as the other', async () => {
  await routing.deploy('uneven', [OLD, NEW]);
  await tell('uneven', 40, () => 1);
  // One prediction a second, of which the control had 11 in 12: nobody earned anything in the first 10,000 s.
  await server.database.query(
    `INSERT INTO prediction_feedback (project_id, prediction_id, endpoint_id, variant, version_id, by_rule, reward,
       predicted_at)
     SELECT project_id, gen_random_uuid(), endpoint_id, variant, version_id, false, (second > 10000)::integer,
       now() - interval '2 days' + second * interval '1 second'
     FROM (SELECT DISTINCT project_id, endpoint_id, variant, version_id FROM prediction_feedback
           WHERE endpoint_id = (SELECT id FROM endpoint WHERE name = 'uneven')) arm
     JOIN generate_series(1, 120000) AS second ON (variant = 'new') = (second % 12 = 0)`,
  );
  const { control, treatment, decided, feedbackSince } = await compare('uneven');
  expect({ decided, means: [control.meanReward, treatment.meanReward] }).toEqual({
    decided: 'NOT_YET',
    means: [1, 1],
  });
  expect(control.feedback).toBe(100_000);
  expect(treatment.feedback / control.feedback).toBeCloseTo(1 / 11, 2);
  const beganHoursAgo = (Date.now() - Date.parse(feedbackSince ?? '')) / 3_600_000;
  expect(beganHoursAgo).toBeLessThan(48 - 10_000 / 3_600);
});

test('latencies and errors are those of each variant', async () => {
  await routing.deploy('timed', [OLD, { ...NEW, weight: 0 }]);
  await predictTimes('timed', 9);
  await predict(server, { endpoint: 'timed', inputs: [] });
  let compared = await compare('timed', { minutes: 5 });
  while (compared.control.latency.errorRate !== 0.1) compared = await compare('timed', { minutes: 5 });
  const { control, treatment } = compared;
  expect(control.latency.total.p50Ms).toBeGreaterThan(0);
  expect(treatment.latency).toMatchObject({ errorRate: 0, total: { p50Ms: null } });
});

test('a shadow’s answers are held against those that callers got', async () => {
  await routing.deploy('shadowed', [OLD, { ...NEW, shadow: true }, { ...OLD, name: 'twin', shadow: true }]);
  const since = new Date().toISOString();
  await predictTimes('shadowed', 7);
  await shadowsAnswered('shadowed', 2 * 7, since);
  await server.restart(); // writes what was counted
  expect((await compare('shadowed')).disagreement).toEqual({
    compared: 7,
    disagreed: 7,
    rate: 1,
    meanAbsDifference: 1.5, // of 1 and 2, times 2 and times 3
    dropped: 0,
  });
  const twin = { compared: 7, disagreed: 0, rate: 0, meanAbsDifference: 0, dropped: 0 };
  expect((await compare('shadowed', { treatment: 'twin' })).disagreement).toEqual(twin);
  expect((await compare('shadowed', { control: 'twin', treatment: 'old' })).disagreement).toEqual(twin);
  expect((await compare('shadowed', { control: 'twin' })).disagreement).toBeNull();
});

test.each([{ treatment: 'nobody' }, { control: 'nobody' }, { minutes: 0 }, { minutes: 10_081 }])(
  '%j is refused',
  async (more) => {
    await routing.deploy('refused', [OLD, NEW]);
    const variables = { name: 'refused', control: 'old', treatment: 'new', ...more };
    const { errors } = await server.graphql(COMPARISON, variables);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  },
);
