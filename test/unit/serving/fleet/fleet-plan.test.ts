import type { ModelFile } from '../../../../src/serving/execution/backend';
import { FleetPlan } from '../../../../src/serving/fleet/fleet-plan';

const file: ModelFile = { sha256: 'a'.repeat(64), path: '/nowhere' };
const NAMES = ['one', 'two', 'three'];

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
