import { refuse } from '../../../../src/kernel/errors';
import type { ModelVersionId } from '../../../../src/registry/registry';
import type { EndpointId } from '../../../../src/serving/endpoints/endpoint';
import type { Rewards } from '../../../../src/serving/routing/bandit';
import type { PredictRequest } from '../../../../src/serving/predictions/prediction';
import type { RoutingRule } from '../../../../src/serving/endpoints/routing-rule';
import { runningRules } from '../../../../src/serving/routing/running-rules';
import type { RunningVariant } from '../../../../src/serving/routing/running-endpoint';
import { BY_WEIGHTS, type Strategy } from '../../../../src/serving/endpoints/strategy';
import { chooseInstead, choosePinned, chooseVariant } from '../../../../src/serving/routing/variant-choice';
import { FIRST_REST_MS, MAX_FAILURES, VariantHealth } from '../../../../src/serving/routing/variant-health';
import { seededRandom } from '../../../support/seeded-random';

const NOW_MS = 1_000;
function variant(name: string, weight: number, sha256 = name, rewards?: Rewards): RunningVariant {
  const known = { health: new VariantHealth(NOW_MS), rewards };
  const model = { file: { sha256 }, version: { id: sha256 } };
  return { name, weight, model, known } as unknown as RunningVariant;
}
const endpoint = (
  variants: readonly RunningVariant[],
  {
    id = 'one',
    rules = [],
    strategy = BY_WEIGHTS,
  }: { id?: string; rules?: RoutingRule[]; strategy?: Strategy } = {},
) => ({ id: id as EndpointId, variants, strategy, rules: runningRules(rules, variants, []) });
function breakDown({ known }: RunningVariant): void {
  const error = { kind: 'UnavailableError', code: 'UNAVAILABLE', message: 'It is broken.' } as const;
  for (let count = 0; count < MAX_FAILURES; count += 1)
    known.health.learn(
      known.health.begin(NOW_MS),
      refuse({ ...error, reason: 'crashed', retryable: true }),
      NOW_MS,
    );
}
/** How often each is chosen, of 1,000. */
function sharesOf(choose: (random: () => number) => RunningVariant | null): Record<string, number> {
  const random = seededRandom(1);
  const shares: Record<string, number> = {};
  for (let count = 0; count < 1_000; count += 1) {
    const name = choose(random)?.name ?? 'nobody';
    shares[name] = (shares[name] ?? 0) + 1e-3;
  }
  return shares;
}
const shares = (of: ReturnType<typeof endpoint>, asked: PredictRequest = {}, nowMs = NOW_MS) =>
  sharesOf((random) => chooseVariant(of, asked, nowMs, random).variant);

const TO_NEW: RoutingRule = { header: 'x-group', field: null, equals: ['beta'], variant: 'new' };
const BETA: PredictRequest = { headers: () => 'beta' };

test('a rule decides before the weights, also for a variant without weight', () => {
  const of = endpoint([variant('old', 1), variant('new', 0)], { rules: [TO_NEW] });
  expect(chooseVariant(of, BETA, NOW_MS, Math.random)).toMatchObject({
    variant: { name: 'new' },
    byRule: true,
  });
  expect(chooseVariant(of, {}, NOW_MS, Math.random)).toMatchObject({
    variant: { name: 'old' },
    byRule: false,
  });
});

test('two endpoints split the same keys and sequences each by itself', () => {
  const variants = [variant('old', 1), variant('new', 1)];
  const [one, other] = [endpoint(variants, { id: 'one' }), endpoint(variants, { id: 'other' })];
  const asked = Array.from({ length: 1_000 }, (_, index): PredictRequest[] => [
    { routingKey: `customer-${index}` },
    { sequence: { id: index + 1, start: true, end: false } },
  ]);
  for (const kind of [0, 1]) {
    const alike = asked.filter(({ [kind]: request = {} }) => {
      const choose = (of: typeof one) => chooseVariant(of, request, NOW_MS, Math.random).variant.name;
      return choose(one) === choose(other);
    });
    expect(alike.length / asked.length).toBeCloseTo(0.5, 1);
  }
});

test('a sequence stays with its variant, whatever the strategy is, also where that rests', () => {
  const variants = [variant('old', 1), variant('new', 1)];
  for (const strategy of [BY_WEIGHTS, { kind: 'EPSILON_GREEDY', epsilon: 1 } as never]) {
    const of = endpoint(variants, { strategy });
    const chosen = new Set<string>();
    for (let id = 1; id <= 20; id += 1) {
      const asked = { sequence: { id, start: false, end: false } };
      const [[name = '', share] = []] = Object.entries(shares(of, asked));
      expect(share).toBeCloseTo(1);
      chosen.add(name);
    }
    expect([...chosen].sort()).toEqual(['new', 'old']);
  }
  const asked = { sequence: { id: 'a', start: false, end: false } };
  const { variant: before } = chooseVariant(endpoint(variants), asked, NOW_MS, Math.random);
  breakDown(before);
  expect(chooseVariant(endpoint(variants), asked, NOW_MS, Math.random).variant).toBe(before);
});

test('a sequence that is asked of a variant that rests is no trial of it before its rest is over', () => {
  const resting = variant('new', 1);
  breakDown(resting);
  const asked = { ...BETA, sequence: { id: 'a', start: false, end: false } };
  for (const rules of [[], [TO_NEW]]) {
    const of = endpoint([resting], { rules });
    const byRule = rules.length > 0;
    const choice = (nowMs: number) => chooseVariant(of, asked, nowMs, Math.random);
    expect(choice(NOW_MS)).toMatchObject({ variant: { name: 'new' }, byRule, isEarly: true });
    expect(choice(NOW_MS + FIRST_REST_MS)).toMatchObject({ byRule, isEarly: false });
  }
});

test('a rule decides before a routing key', () => {
  const of = endpoint([variant('old', 1), variant('new', 1)], { rules: [TO_NEW] });
  for (const routingKey of ['a', 'b', 'c', 'd'])
    expect(chooseVariant(of, { ...BETA, routingKey }, NOW_MS, Math.random).variant.name).toBe('new');
});

describe('where a variant rests', () => {
  test('its weight goes to the others, by theirs', () => {
    const broken = variant('broken', 6);
    const of = endpoint([broken, variant('a', 3), variant('b', 1)]);
    breakDown(broken);
    const { a, ...others } = shares(of);
    expect(a).toBeCloseTo(0.75, 1);
    expect(Object.keys(others)).toEqual(['b']);
  });

  test('its routing keys go elsewhere, and those of the others stay', () => {
    const broken = variant('broken', 1);
    const of = endpoint([broken, variant('a', 1), variant('b', 1)]);
    const keys = Array.from({ length: 200 }, (_, index) => `customer-${index}`);
    const choices = () =>
      keys.map((routingKey) => chooseVariant(of, { routingKey }, NOW_MS, Math.random).variant.name);
    const before = choices();
    breakDown(broken);
    const after = choices();
    expect(after).not.toContain('broken');
    expect(after.every((name, index) => before[index] === 'broken' || name === before[index])).toBe(true);
  });

  test('its rules’ callers go the way of all others', () => {
    const broken = variant('new', 0);
    const of = endpoint([variant('old', 1), broken], { rules: [TO_NEW] });
    breakDown(broken);
    expect(chooseVariant(of, BETA, NOW_MS, Math.random)).toMatchObject({
      variant: { name: 'old' },
      byRule: false,
    });
  });

  test('and no other has a weight, it is asked all the same: its error says why', () => {
    const broken = variant('broken', 1);
    const of = endpoint([broken, variant('off', 0)]);
    breakDown(broken);
    expect(shares(of)).toEqual({ broken: expect.closeTo(1, 6) });
  });

  test('and all others do too, the weights decide', () => {
    const variants = [variant('a', 3), variant('b', 1)];
    variants.forEach(breakDown);
    expect(shares(endpoint(variants)).a).toBeCloseTo(0.75, 1);
  });

  test('after its rest it is tried with its old weight', () => {
    const broken = variant('broken', 1);
    const of = endpoint([broken, variant('a', 1)]);
    breakDown(broken);
    expect(shares(of, {}, NOW_MS + FIRST_REST_MS).broken).toBeCloseTo(0.5, 1);
  });
});

describe('a strategy that learns', () => {
  const rewards = (mean: number): Rewards => ({
    count: 1_000,
    mean,
    m2: 1_000 * mean * (1 - mean),
    isBinary: true,
  });
  const variants = [variant('weak', 9, 'w', rewards(0.1)), variant('strong', 1, 's', rewards(0.9))];
  test.each<Strategy>([{ kind: 'EPSILON_GREEDY', epsilon: 0.1 }, { kind: 'THOMPSON_SAMPLING' }])(
    '$kind prefers what has earned more',
    (strategy) => expect(shares(endpoint(variants, { strategy })).strong).toBeGreaterThan(0.85),
  );

  test('leaves a routing key to the weights: its caller stays where it is', () => {
    const of = endpoint(variants, { strategy: { kind: 'THOMPSON_SAMPLING' } });
    const keyed = Array.from({ length: 500 }, (_, index) => String(index)).map(
      (routingKey) => chooseVariant(of, { routingKey }, NOW_MS, Math.random).variant.name,
    );
    expect(keyed.filter((name) => name === 'weak').length / 500).toBeGreaterThan(0.8);
  });

  test('does not choose what rests', () => {
    const [weak, strong] = [variant('weak', 1, 'w', rewards(0.1)), variant('strong', 1, 's', rewards(0.9))];
    breakDown(strong);
    expect(shares(endpoint([weak, strong], { strategy: { kind: 'THOMPSON_SAMPLING' } }))).toEqual({
      weak: expect.closeTo(1, 6),
    });
  });
});

describe('instead of one that has failed', () => {
  const failed = variant('failed', 5);
  const instead = (...others: RunningVariant[]) =>
    sharesOf((random) => chooseInstead(endpoint([failed, ...others]), failed, {}, NOW_MS, random));

  test('another is chosen by weight', () => {
    expect(instead(variant('a', 3), variant('b', 1)).a).toBeCloseTo(0.75, 1);
  });

  test('nobody, where there is none with a weight, with other bytes, and healthy', () => {
    const broken = variant('broken', 1);
    breakDown(broken);
    expect(instead(broken, variant('off', 0), variant('twin', 1, 'failed'))).toEqual({
      nobody: expect.closeTo(1, 6),
    });
  });
});

describe('a version that is asked for', () => {
  const pinned = (of: ReturnType<typeof endpoint>, versionId: string, asked: PredictRequest = {}) =>
    choosePinned(of, versionId as ModelVersionId, asked, NOW_MS, Math.random);

  test('is its variant’s to answer, whatever rules, weights and strategy say', () => {
    const strategy = { kind: 'EPSILON_GREEDY', epsilon: 0 } as const;
    const of = endpoint([variant('old', 1), variant('new', 0)], { rules: [TO_NEW], strategy });
    expect(pinned(of, 'old', BETA)).toMatchObject({ variant: { name: 'old' }, byRule: true });
    expect(pinned(of, 'new')).toMatchObject({ variant: { name: 'new' }, byRule: true });
    expect(pinned(of, 'gone')).toBeNull();
  });

  test('goes to one of the variants that lead to it by their weights, or where its key stays', () => {
    const of = endpoint([variant('a', 3, 'same'), variant('b', 1, 'same'), variant('other', 9)]);
    const shared = sharesOf((random) => {
      const choice = choosePinned(of, 'same' as ModelVersionId, {}, NOW_MS, random);
      return choice?.variant ?? null;
    });
    expect(shared.a).toBeCloseTo(0.75, 1);
    expect(Object.keys(shared).sort()).toEqual(['a', 'b']);
    const names = Array.from({ length: 20 }, () => pinned(of, 'same', { routingKey: 'k' })?.variant.name);
    expect(new Set(names).size).toBe(1);
    const idle = endpoint([variant('a', 0, 'same'), variant('b', 0, 'same'), variant('other', 9)]);
    expect(pinned(idle, 'same')).toMatchObject({ variant: { name: 'a' } });
  });

  test('is answered to a whole sequence by one of its variants, also where that rests', () => {
    const variants = [variant('a', 1, 'same'), variant('b', 1, 'same'), variant('other', 9)];
    const namesOf = (id: number) => {
      const asked = { sequence: { id, start: false, end: false } };
      return new Set(
        Array.from({ length: 20 }, () => pinned(endpoint(variants), 'same', asked)?.variant.name),
      );
    };
    const ids = Array.from({ length: 20 }, (_, at) => at + 1);
    const before = ids.map(namesOf);
    expect(before.every(({ size }) => size === 1)).toBe(true);
    expect(new Set(before.flatMap((names) => [...names]))).toEqual(new Set(['a', 'b']));
    variants.slice(0, 1).forEach(breakDown);
    expect(ids.map(namesOf)).toEqual(before);
  });

  test('is asked of a variant that rests, where no other has it, and that is no trial', () => {
    const [resting, twin] = [variant('resting', 1, 'same'), variant('twin', 1, 'same')];
    breakDown(resting);
    expect(pinned(endpoint([resting, variant('other', 1)]), 'same')).toMatchObject({
      variant: { name: 'resting' },
      isEarly: true,
    });
    const choice = choosePinned(
      endpoint([resting]),
      'same' as ModelVersionId,
      {},
      NOW_MS + FIRST_REST_MS,
      Math.random,
    );
    expect(choice).toMatchObject({ isEarly: false });
    expect(pinned(endpoint([resting, twin]), 'same')).toMatchObject({ variant: { name: 'twin' } });
  });
});
