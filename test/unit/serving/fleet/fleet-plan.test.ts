import type { ModelFile } from '../../../../src/serving/execution/backend';
import { DRAIN_MS } from '../../../../src/serving/worker/leases';
import { FleetPlan } from '../../../../src/serving/fleet/fleet-plan';

const file: ModelFile = { sha256: 'a'.repeat(64), path: '/nowhere' };
const NAMES = ['one', 'two', 'three'];
const named = (name: string): ModelFile => ({
  ...{ sha256: name.repeat(64), sizeBytes: 100_000_000 },
  lease: () => Promise.reject(new Error('Nobody loads it.')),
});

async function planFor(instances: number | null): Promise<FleetPlan> {
  const plan = new FleetPlan(() => NAMES.map((name) => ({ name, budgetBytes: 1e9 })));
  if (instances !== null) plan.limit(new Map([[file.sha256, instances]]));
  await plan.lease([{ file, rows: 1 }]);
  return plan;
}
const shares = (plan: FleetPlan) =>
  NAMES.flatMap((name) => plan.limitsOf(name).map(({ instances }) => instances)).toSorted((a, b) => b - a);

test.each([
  ['no number', null, 3, []],
  ['one instance', 1, 1, [1]],
  ['two', 2, 2, [1, 1]],
  ['more than there are workers', 5, 3, [2, 2, 1]],
])(
  '%s: so many workers hold the model, each in its share of processes',
  async (_what, most, count, shared) => {
    const plan = await planFor(most);
    expect(plan.namesFor(file.sha256)).toHaveLength(count);
    expect(NAMES.filter((name) => plan.leasesOf(name).length > 0)).toHaveLength(count);
    expect(shares(plan)).toEqual(shared);
  },
);

test('a model that no endpoint answers with, such as a shadow’s, is limited too', async () => {
  const plan = await planFor(1);
  await plan.lease([]);
  expect(plan.namesFor(file.sha256)).toHaveLength(1);
  expect(shares(plan)).toEqual([1]);
});

test('a model that has no traffic any more keeps its place while somebody may wait for it', async () => {
  let nowMs = 0;
  const places = ['one', 'two'].map((name) => ({ name, budgetBytes: 350_000_000 }));
  const plan = new FleetPlan(
    () => places,
    () => nowMs,
  );
  const [before, after] = [named('b'), named('c')] as const;
  const lease = (...files: ModelFile[]) => plan.lease(files.map((one) => ({ file: one, rows: 1 })));
  const placed = () => [before, after].map(({ sha256 }) => plan.namesFor(sha256).length);
  await lease(before);
  expect(placed()[0]).toBe(2);
  await lease(before, after);
  expect(placed()).toEqual([1, 1]);
  const home = plan.namesFor(before.sha256);
  await lease(after);
  nowMs += DRAIN_MS - 1;
  await lease(after);
  expect([placed(), plan.namesFor(before.sha256)]).toEqual([[1, 1], home]);
  expect(plan.leases().map(({ model }) => model.file.sha256)).toEqual([after.sha256]);
  nowMs += 1;
  await lease(after);
  expect(placed()[1]).toBe(2);
});
