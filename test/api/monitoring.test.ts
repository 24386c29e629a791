import { affine } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const NAMES = Array.from({ length: 30 }, (_, index) => `f${index}`);
const ROW = Object.fromEntries(NAMES.map((name, index) => [name, index]));

let server: TestServer;
let registry: RegistryClient;
beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
  await registry.version('affine', affine(), { columns: [{ input: 'x', names: NAMES }] });
});
afterAll(() => server.stop());

const LATENCY = `variant shadow weight requestsPerSecond errorRate meanBatchSize version { ref }
  total { p50Ms p95Ms p99Ms histogram { upToMs counts } } queue { p50Ms } compute { p50Ms p99Ms }`;
const WINDOW = `from to total { ${LATENCY} } variants { ${LATENCY} }`;
const SUBSCRIPTION = `subscription ($endpoint: String!, $intervalMs: Int! = 1000, $after: String) {
  endpointLatency(endpoint: $endpoint, intervalMs: $intervalMs, after: $after) {
    __typename
    ... on EndpointLatencySnapshot { cursor windows { ${WINDOW} } }
    ... on EndpointLatencyAppended { cursor window { ${WINDOW} } }
    ... on EndpointChanged { cursor endpoint { name revision variants { name weight } } }
  }
}`;
const LATENCIES = `query ($name: String!, $since: DateTime!, $maxPoints: Int) {
  endpoint(name: $name) { latency(since: $since, maxPoints: $maxPoints) { ${WINDOW} } }
}`;

interface Latency {
  readonly variant: string;
  readonly shadow: boolean;
  readonly weight: number;
  readonly requestsPerSecond: number;
  readonly errorRate: number;
  readonly meanBatchSize: number | null;
  readonly version: { readonly ref: string };
  readonly total: {
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
    readonly histogram: { readonly upToMs: readonly number[]; readonly counts: readonly number[] };
  };
}
interface Window {
  readonly from: string;
  readonly to: string;
  readonly total: Latency;
  readonly variants: readonly Latency[];
}
interface Event {
  readonly __typename: string;
  readonly cursor: string;
  readonly windows: readonly Window[];
  readonly window: Window;
  readonly endpoint: { readonly revision: number };
}

let endpoints = 0;
async function newEndpoint(variants: object[] = [{ name: 'main', ref: 'affine@1.0.0', weight: 1 }]) {
  const name = `watched-${(endpoints += 1)}`;
  const { __typename } = await deployEndpoint(server, name, variants);
  expect(__typename).toBe('DeployEndpointSuccess');
  return name;
}

/** A subscription that is read event by event. */
function follow(endpoint: string, variables: object = {}, from: TestServer = server) {
  const events = from.subscribe<{ endpointLatency: Event }>(SUBSCRIPTION, { endpoint, ...variables });
  return {
    async next(): Promise<Event> {
      const { value, done } = await events.next();
      if (done) throw new Error('The subscription has completed.');
      if (value.errors) throw new Error(JSON.stringify(value.errors));
      return value.data.endpointLatency;
    },
    leave: () => events.return(undefined),
  };
}

const latencies = async (variables: Record<string, unknown>) =>
  (await server.data<{ endpoint: { latency: Window[] } }>(LATENCIES, variables)).endpoint.latency;

/** The windows until these are told and traffic has stopped, the one of zero included. */
async function untilSilence(live: ReturnType<typeof follow>, count: number): Promise<Window[]> {
  const windows: Window[] = [];
  for (;;) {
    const { window } = await live.next();
    windows.push(window);
    if (window.total.requestsPerSecond === 0 && requests(windows) >= count) return windows;
  }
}

const seconds = ({ from, to }: Window) => (Date.parse(to) - Date.parse(from)) / 1000;
const requests = (windows: readonly Window[], pick = ({ total }: Window) => total) =>
  windows.reduce((sum, window) => sum + Math.round(pick(window).requestsPerSecond * seconds(window)), 0);
const predictTimes = (endpoint: string, count: number, row: object = ROW) =>
  Promise.all(Array.from({ length: count }, () => predict(server, { endpoint, rows: [row] })));

test('every prediction is in exactly one window, then one of zero follows', async () => {
  const endpoint = await newEndpoint();
  const live = follow(endpoint);
  expect(await live.next()).toMatchObject({ __typename: 'EndpointLatencySnapshot', windows: [] });
  await predictTimes(endpoint, 40);
  const windows = await untilSilence(live, 40);
  expect(requests(windows)).toBe(40);
  expect(windows[0]).toMatchObject({
    total: { variant: 'total', version: { ref: 'affine@1.0.0' }, errorRate: 0, weight: 1 },
    variants: [{ variant: 'main', version: { ref: 'affine@1.0.0' }, shadow: false }],
  });
  expect(windows[0]?.total.total.p50Ms).toBeGreaterThan(0);
  expect(windows[0]?.total.total.p99Ms).toBeGreaterThanOrEqual(windows[0]?.total.total.p50Ms ?? Infinity);
  expect(windows[0]?.total.meanBatchSize).toBeGreaterThanOrEqual(1);
  expect(windows.at(-1)?.total).toMatchObject({ errorRate: 0, meanBatchSize: null, total: { p50Ms: null } });
  await live.leave();
});

test('after a break the cursor gives what was missed, without a snapshot', async () => {
  const endpoint = await newEndpoint();
  const first = follow(endpoint);
  const { cursor } = await first.next();
  await predictTimes(endpoint, 3);
  const told = await untilSilence(first, 3);
  await first.leave();
  const second = follow(endpoint, { after: cursor });
  expect(requests(await untilSilence(second, 3))).toBe(3);
  await second.leave();
  const snapshot = follow(endpoint);
  expect((await snapshot.next()).windows).toEqual(told);
  await snapshot.leave();
});

test('refused input counts as an error of its variant, and in no quantile', async () => {
  const endpoint = await newEndpoint();
  const live = follow(endpoint);
  await live.next();
  await predictTimes(endpoint, 5, { nonsense: 1 });
  const windows = await untilSilence(live, 5);
  expect(requests(windows)).toBe(5);
  expect(windows[0]?.variants).toMatchObject([{ variant: 'main', errorRate: 1, total: { p50Ms: null } }]);
  await live.leave();
});

test('a shadow is told by itself, and is no part of the total', async () => {
  const endpoint = await newEndpoint([
    { name: 'main', ref: 'affine@1.0.0', weight: 2 },
    { name: 'copy', ref: 'affine@1.0.0', shadow: true },
  ]);
  const live = follow(endpoint);
  await live.next();
  await predictTimes(endpoint, 6);
  const windows = await untilSilence(live, 6);
  expect(requests(windows)).toBe(6);
  const named = (name: string) => (window: Window) =>
    window.variants.find(({ variant }) => variant === name) ?? { ...window.total, requestsPerSecond: 0 };
  expect(requests(windows, named('copy'))).toBe(6);
  expect(windows[0]?.total.weight).toBe(2);
  await live.leave();
});

test('a redeployed endpoint is told, to those who come back too', async () => {
  const endpoint = await newEndpoint();
  const live = follow(endpoint);
  const { cursor } = await live.next();
  await deployEndpoint(server, endpoint, [{ name: 'other', ref: 'affine@1.0.0', weight: 3 }]);
  const changed = {
    __typename: 'EndpointChanged',
    endpoint: { name: endpoint, revision: 2, variants: [{ name: 'other', weight: 3 }] },
  };
  const event = await live.next();
  expect(event).toMatchObject(changed);
  await live.leave();
  const late = follow(endpoint, { after: cursor });
  expect(await late.next()).toMatchObject(changed);
  await late.leave();
  await predictTimes(endpoint, 1);
  const informed = follow(endpoint, { after: event.cursor });
  expect((await informed.next()).window.variants).toMatchObject([{ variant: 'other', weight: 3 }]);
  await informed.leave();
});

test('latency(since) merges the windows into few', async () => {
  const since = new Date(Date.now() - 60_000).toISOString();
  const endpoint = await newEndpoint();
  const live = follow(endpoint);
  await live.next();
  await predictTimes(endpoint, 20);
  await untilSilence(live, 20);
  await live.leave();
  for (const maxPoints of [1, 7, undefined]) {
    const windows = await latencies({ name: endpoint, since, maxPoints });
    expect(requests(windows)).toBe(20);
    expect(windows.length).toBeLessThanOrEqual(maxPoints ?? 300);
  }
  const week = new Date(Date.now() - 7 * 24 * 3_600_000).toISOString();
  expect(requests(await latencies({ name: endpoint, since: week }))).toBe(20);
  const later = new Date(Date.now() + 60_000).toISOString();
  expect(await latencies({ name: endpoint, since: later })).toEqual([]);
});

test('whoever adds up the histograms of windows has that of all of them, and its percentiles', async () => {
  const since = new Date(Date.now() - 60_000).toISOString();
  const endpoint = await newEndpoint();
  const live = follow(endpoint);
  await live.next();
  for (let round = 0; round < 2; round++) {
    await predictTimes(endpoint, 10);
    await untilSilence(live, 10);
  }
  await live.leave();
  const told = await latencies({ name: endpoint, since });
  expect(told.length).toBeGreaterThan(1);
  const merged = new Map<number, number>();
  for (const { total } of told) {
    const { upToMs, counts } = total.total.histogram;
    upToMs.forEach((bound, at) => merged.set(bound, (merged.get(bound) ?? 0) + (counts[at] ?? 0)));
  }
  const [all] = await latencies({ name: endpoint, since, maxPoints: 1 });
  const histogram = [...merged].toSorted(([a], [b]) => a - b);
  expect(all?.total.total.histogram).toEqual({
    upToMs: histogram.map(([bound]) => bound),
    counts: histogram.map(([, count]) => count),
  });
  expect(histogram.reduce((sum, [, count]) => sum + count, 0)).toBe(20);
  const [longest = 0] = histogram.at(-1) ?? [];
  expect(all?.total.total.p99Ms).toBeLessThanOrEqual(longest);
  expect(all?.total.total.p99Ms).toBeGreaterThan(longest / 1.05);
});

test('what was measured survives a restart', async () => {
  const since = new Date(Date.now() - 60_000).toISOString();
  const endpoint = await newEndpoint();
  await predictTimes(endpoint, 9);
  await server.restart();
  const live = follow(endpoint);
  const { windows } = await live.next();
  const rest = requests(windows) < 9 ? await untilSilence(live, 9 - requests(windows)) : [];
  await live.leave();
  expect(requests([...windows, ...rest])).toBe(9);
  expect(requests(await latencies({ name: endpoint, since }))).toBe(9);
});

test('endpoints cost one statement more with their latencies, however many there are', async () => {
  for (let made = 0; made < 4; made += 1) await newEndpoint();
  const since = new Date(Date.now() - 60_000).toISOString();
  const query = `query ($first: Int!, $since: DateTime!) {
    endpoints(first: $first) { nodes { latency(since: $since, maxPoints: 5) { total { version { ref } } } } } }`;
  const costs = [];
  for (const first of [2, 8]) {
    costs.push(await server.statementCount(() => server.data(query, { first, since })));
  }
  expect(costs[1]).toBe(costs[0]);
});

test.each<[string, object]>([
  ['an endpoint that is not there', { endpoint: 'nowhere' }],
  ['an interval of half a second', { intervalMs: 500 }],
  ['an interval of a second and a half', { intervalMs: 1500 }],
  ['an interval of more than a minute', { intervalMs: 61_000 }],
  ['a cursor that was made up', { after: 'nonsense' }],
])('%s is refused', async (_what, variables) => {
  const endpoint = await newEndpoint();
  const events = server.subscribe(SUBSCRIPTION, { endpoint, ...variables });
  const { value } = await events.next();
  expect(value?.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  await events.return(undefined);
});

test.each([0, -1, 1_001])('maxPoints of %d is refused', async (maxPoints) => {
  const name = await newEndpoint();
  const { errors } = await server.graphql(LATENCIES, { name, since: new Date().toISOString(), maxPoints });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});
