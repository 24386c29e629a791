import type { Actor } from '../../../../src/kernel/actor';
import { newId } from '../../../../src/kernel/ids';
import type { EndpointId } from '../../../../src/serving/endpoints/endpoint';
import type { PredictRequest } from '../../../../src/serving/predictions/prediction';
import { routeOf } from '../../../../src/serving/routing/choose-route';
import type { RoutingRule } from '../../../../src/serving/endpoints/routing-rule';
import type { RoutingTable } from '../../../../src/serving/routing/routing-table';
import { runningRules } from '../../../../src/serving/routing/running-rules';
import type { RunningVariant } from '../../../../src/serving/routing/running-endpoint';
import { MAX_SEQUENCES, SequencePlaces } from '../../../../src/serving/routing/sequence-places';
import { BY_WEIGHTS } from '../../../../src/serving/endpoints/strategy';
import { VariantHealth } from '../../../../src/serving/routing/variant-health';

const ACTOR: Actor = { keyId: 'k', keyName: 'k', role: 'admin', projectId: newId<'project'>() };
const id = newId() as EndpointId;
const variant = (name: string, weight: number, versionId = name) =>
  ({
    ...{ name, weight, known: { health: new VariantHealth(0) } },
    model: { file: { sha256: versionId }, version: { id: versionId } },
  }) as unknown as RunningVariant;
const TO_B: RoutingRule = { header: 'x-group', field: null, equals: ['beta'], variant: 'b' };

let sequences: SequencePlaces;
beforeEach(() => (sequences = new SequencePlaces()));
/** To whom it leads with these variants, or why to nobody. */
async function ask(variants: readonly RunningVariant[], request: PredictRequest, rules: RoutingRule[] = []) {
  const running = { id, name: 'e', variants, shadows: [], strategy: BY_WEIGHTS };
  const table = { sequences, endpoint: () => ({ ...running, rules: runningRules(rules, variants, []) }) };
  const route = await routeOf(table as unknown as RoutingTable, ACTOR, { endpoint: 'e', ...request });
  if (!route || 'kind' in route) return route?.message;
  return { name: route.endpoint?.variant.name, byRule: route.endpoint?.byRule };
}
const START = { sequence: { id: 7, start: true, end: false } };
const ON = { sequence: { id: 7, start: false, end: false } };
const END = { sequence: { id: 7, start: false, end: true } };
const CUT_OFF =
  'parameters.sequence_start: expected true, since the version that the sequence 7 has begun at answers behind the ' +
  'endpoint “e” no more, got a question that goes on with it.';
const ONLY_A = [variant('a', 1), variant('b', 0)];
const ONLY_B = [variant('a', 0), variant('b', 1)];
const TO_A = { name: 'a', byRule: false };

test('it stays where it has begun until it begins anew, whatever the weights come to be', async () => {
  expect(await ask(ONLY_A, START)).toEqual(TO_A);
  expect(await ask(ONLY_B, ON)).toEqual(TO_A);
  expect(await ask(ONLY_B, { sequence: { ...ON.sequence, id: '7' } })).toMatchObject({ name: 'b' });
  expect(await ask(ONLY_B, END)).toEqual(TO_A);
  expect(await ask(ONLY_B, END)).toEqual(TO_A); // asked again where the first has failed
  expect(await ask(ONLY_B, START)).toMatchObject({ name: 'b' });
  expect(await ask(ONLY_A, ON)).toMatchObject({ name: 'b' });
});

test('it stays where a rule has led it, and says so of each', async () => {
  const beta = { headers: () => 'beta' };
  expect(await ask(ONLY_A, { ...START, ...beta }, [TO_B])).toEqual({ name: 'b', byRule: true });
  expect(await ask(ONLY_A, ON, [TO_B])).toEqual({ name: 'b', byRule: true });
});

test('it goes on by another name of its version, and is refused where nobody has that any more', async () => {
  await ask(ONLY_A, START);
  expect(await ask([variant('b', 1), variant('renamed', 0, 'a')], ON)).toMatchObject({ name: 'renamed' });
  const others = [variant('a', 1, 'a newer version')];
  expect(await ask(others, ON)).toBe(CUT_OFF);
  expect(await ask(others, ON)).toBe(CUT_OFF);
  expect(await ask(others, START)).toEqual(TO_A);
  expect(await ask(others, ON)).toEqual(TO_A);
});

test('one whose beginning was not seen here stays where it was seen first', async () => {
  expect(await ask(ONLY_A, ON)).toEqual(TO_A);
  expect(await ask(ONLY_B, ON)).toEqual(TO_A);
});

test('so many are remembered, and of more those that were asked last', async () => {
  await ask(ONLY_A, START);
  const asked = (other: number) =>
    ask(ONLY_A, { sequence: { id: `other ${other}`, start: true, end: false } });
  for (let other = 1; other < MAX_SEQUENCES; other += 1) await asked(other);
  expect(await ask(ONLY_B, ON)).toEqual(TO_A);
  for (let other = 1; other < MAX_SEQUENCES; other += 1) await asked(other);
  expect(await ask(ONLY_B, ON)).toEqual(TO_A);
  await asked(0);
  await asked(-1);
  for (let other = 1; other < MAX_SEQUENCES; other += 1) await asked(other);
  expect(await ask(ONLY_B, ON)).toMatchObject({ name: 'b' });
});
