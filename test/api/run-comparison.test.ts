import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

let server: TestServer;
let client: TrackingClient;
const ids: string[] = [];
beforeAll(async () => {
  server = await startTestServer();
  client = new TrackingClient(server);
  for (let index = 0; index < 24; index++) {
    const rate = 10 ** -(index % 6);
    const id = await client.newRun({
      params: [
        { key: 'lr', value: String(rate) },
        { key: 'model', value: index % 2 === 0 ? 'cnn' : 'vit' },
        { key: 'same', value: 'x' },
        ...(index === 0 ? [{ key: 'only', value: '1' }] : []),
      ],
      tags: [{ key: 'team', value: index < 12 ? 'a' : 'b' }],
      source: { commit: `c${index % 2}`, dirty: false },
    });
    // The model is what matters; the rate does so a little, and only in its order.
    const loss = (index % 2 === 0 ? 10 : 0) - 0.5 * (index % 6);
    await client.logMetrics({ runId: id, points: [{ key: 'loss', value: index === 23 ? 'NaN' : loss }] });
    ids.push(id);
  }
});
afterAll(() => server.stop());

const COMPARE = `query ($ids: [ID!]!, $metric: String) {
  compareRuns(runIds: $ids, metric: $metric) {
    runs { id }
    params { key values differs } tags { key values differs } metrics { key values differs } source { key values differs }
    isWhole influences { key runCount pearson spearman importance }
  }
}`;
interface Compared {
  readonly compareRuns: {
    readonly influences: readonly {
      readonly key: string;
      readonly runCount: number;
      readonly pearson: number | null;
      readonly spearman: number | null;
      readonly importance: number;
    }[];
  };
}

test('runs stand side by side, and what differs is told', async () => {
  const [first = '', second = ''] = ids;
  const { compareRuns } = await server.data(COMPARE, { ids: [second, first] });
  expect(compareRuns).toEqual({
    runs: [{ id: second }, { id: first }],
    params: [
      { key: 'lr', values: ['0.1', '1'], differs: true },
      { key: 'model', values: ['vit', 'cnn'], differs: true },
      { key: 'only', values: [null, '1'], differs: true },
      { key: 'same', values: ['x', 'x'], differs: false },
    ],
    tags: [{ key: 'team', values: ['a', 'a'], differs: false }],
    metrics: [{ key: 'loss', values: [-0.5, 10], differs: true }],
    source: [
      { key: 'commit', values: ['c1', 'c0'], differs: true },
      { key: 'dirty', values: ['false', 'false'], differs: false },
    ],
    isWhole: true,
    influences: [],
  });
});

test('the params that explain a metric are told, the most important first', async () => {
  const { compareRuns } = await server.data<Compared>(COMPARE, { ids, metric: 'loss' });
  const [model, rate] = compareRuns.influences;
  expect(model).toMatchObject({ key: 'model', runCount: 0, pearson: null, spearman: null });
  expect(model?.importance).toBeGreaterThan(0.7);
  expect(rate).toMatchObject({ key: 'lr', runCount: 23 }); // one loss is NaN
  expect(rate?.spearman).toBeGreaterThan(rate?.pearson ?? 1);
  expect(compareRuns.influences.map(({ key }) => key)).not.toContain('same');
  const again = await server.data<Compared>(COMPARE, { ids, metric: 'loss' });
  expect(again).toEqual(await server.data<Compared>(COMPARE, { ids, metric: 'loss' }));
});

test('a metric that no run has explains nothing, and a run that is not there is null', async () => {
  expect((await server.data<Compared>(COMPARE, { ids, metric: 'none' })).compareRuns.influences).toEqual([]);
  expect(await server.data(COMPARE, { ids: [ids[0], 'nobody'] })).toEqual({ compareRuns: null });
});

test.each([[[0]], [[0, 0]], [Array.from({ length: 101 }, (_, index) => index)]])(
  'two to a hundred runs are compared, each once (%#)',
  async (places) => {
    const { errors } = await server.graphql(COMPARE, {
      ids: places.map((place) => ids[place] ?? `run ${place}`),
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  },
);
