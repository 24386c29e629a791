import fc from 'fast-check';
import {
  nextNumber,
  parseVersionNumber,
  versionText,
  type NumberingFacts,
  type VersionNumber,
} from '../../../../src/registry/versions/version-number';
import { signature, spec } from '../signatures';

const at = (text: string): VersionNumber => {
  const number = parseVersionNumber(text);
  if (!number) throw new Error(text);
  return number;
};

const HOLDOUT = 'penguins-holdout@1';
const base: NumberingFacts = {
  newest: { number: at('1.0.0'), signature: signature() },
  optimizing: { key: 'val_log_loss', direction: 'MINIMIZE', tolerance: 0.005 },
  signature: signature(),
  scores: [{ dataset: HOLDOUT, value: 0.0712 }],
  best: [{ dataset: HOLDOUT, value: 0.1534, number: at('1.0.0') }],
};
const numbered = (facts: Partial<NumberingFacts>) => {
  const { number, reason } = nextNumber({ ...base, ...facts });
  return { number: versionText(number), ...reason };
};

test('the first version is 1.0.0', () => {
  expect(numbered({ newest: null, best: [] })).toMatchObject({ number: '1.0.0', component: 'MAJOR' });
});

test('a broken contract is a MAJOR, and says what broke; how good it is does not matter', () => {
  const after = signature({ inputs: [spec('age')] });
  expect(numbered({ newest: { number: at('2.3.4'), signature: signature() }, signature: after })).toEqual({
    number: '3.0.0',
    component: 'MAJOR',
    summary: 'The data contract of 2.3.4 broke.',
    evidence: ['input “island” was removed'],
  });
});

test('better on the same data is a MINOR, and says by which number on which data', () => {
  const newest = { number: at('1.2.3'), signature: signature() };
  expect(numbered({ newest })).toEqual({
    number: '1.3.0',
    component: 'MINOR',
    summary: 'Same data contract, and better on val_log_loss than the best of MAJOR 1.',
    evidence: [
      `val_log_loss 0.0712 < 0.1534 of 1.0.0 on ${HOLDOUT} (better by 0.0822; the tolerance is 0.005)`,
    ],
  });
});

describe('a PIPELINE says why it is not a MINOR', () => {
  test.each<[string, Partial<NumberingFacts>, string | RegExp]>([
    ['no policy', { optimizing: null }, 'no optimizing metric: createModel declares one'],
    [
      'no value on any data',
      { scores: [] },
      'val_log_loss was not given with a dataset: on which data is unknown',
    ],
    [
      'other data',
      { scores: [{ dataset: 'other@2', value: 0.01 }] },
      'val_log_loss 0.01 on other@2, where there is nothing to compare with',
    ],
    [
      'worse',
      { scores: [{ dataset: HOLDOUT, value: 0.2 }] },
      `val_log_loss 0.2 > 0.1534 of 1.0.0 on ${HOLDOUT}`,
    ],
    [
      'better within the tolerance',
      { scores: [{ dataset: HOLDOUT, value: 0.15 }] },
      `val_log_loss 0.15 < 0.1534 of 1.0.0 on ${HOLDOUT} (better by 0.0034, which is within the tolerance of 0.005)`,
    ],
    [
      'not a number',
      { scores: [{ dataset: HOLDOUT, value: NaN }] },
      `val_log_loss NaN is not comparable with 0.1534 of 1.0.0 on ${HOLDOUT}`,
    ],
  ])('%s', (_why, facts, evidence) => {
    expect(numbered(facts)).toMatchObject({ number: '1.0.1', component: 'PIPELINE', evidence: [evidence] });
  });

  test('better on one dataset and not on another', () => {
    const scores = [...base.scores, { dataset: 'slice@1', value: 0.5 }];
    const best = [...base.best, { dataset: 'slice@1', value: 0.4, number: at('1.0.0') }];
    const { number, evidence } = numbered({ scores, best });
    expect(number).toBe('1.0.1');
    expect(evidence).toHaveLength(2);
  });
});

test('numbers that differ beyond the usual digits are told in full', () => {
  const optimizing = { key: 'accuracy', direction: 'MAXIMIZE', tolerance: 0 } as const;
  const { evidence } = numbered({
    optimizing,
    scores: [{ dataset: HOLDOUT, value: 0.95000001 }],
    best: [{ dataset: HOLDOUT, value: 0.95, number: at('1.0.0') }],
  });
  expect(evidence).toEqual([`accuracy 0.95000001 > 0.95 of 1.0.0 on ${HOLDOUT}`]);
});

describe('properties', () => {
  const numbers = fc.record({
    major: fc.integer({ min: 1, max: 99 }),
    minor: fc.nat(99),
    pipeline: fc.nat(99),
  });
  const values = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 0, -0));
  const facts = fc
    .record({
      number: numbers,
      value: values,
      bar: fc.option(fc.double({ noNaN: true })),
      direction: fc.constantFrom('MAXIMIZE' as const, 'MINIMIZE' as const),
      tolerance: fc.double({ min: 0, max: 10, noNaN: true }),
      isBroken: fc.boolean(),
    })
    .map(({ number, value, bar, direction, tolerance, isBroken }): NumberingFacts => ({
      newest: { number, signature: signature() },
      optimizing: { key: 'score', direction, tolerance },
      signature: isBroken ? signature({ outputs: [spec('z')] }) : signature(),
      scores: [{ dataset: 'd@1', value }],
      best: bar === null ? [] : [{ dataset: 'd@1', value: bar, number }],
    }));
  const rank = ({ major, minor, pipeline }: VersionNumber) => [major, minor, pipeline];

  test('numbers only grow, by one step of the component that the reason names', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { number, reason } = nextNumber(given);
        const before = given.newest?.number ?? { major: 0, minor: 0, pipeline: 0 };
        const steps = {
          MAJOR: [before.major + 1, 0, 0],
          MINOR: [before.major, before.minor + 1, 0],
          PIPELINE: [before.major, before.minor, before.pipeline + 1],
        };
        expect(rank(number)).toEqual(steps[reason.component]);
      }),
    );
  });

  test('a MINOR is better than the best by more than the tolerance, and nothing else is a MINOR', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const [score, champion] = [given.scores[0]?.value ?? NaN, given.best[0]?.value ?? NaN];
        const gain = given.optimizing?.direction === 'MAXIMIZE' ? score - champion : champion - score;
        const isBroken = given.signature.outputs[0]?.name === 'z';
        const isMinor = nextNumber(given).reason.component === 'MINOR';
        expect(isMinor).toBe(!isBroken && gain > (given.optimizing?.tolerance ?? 0));
      }),
    );
  });

  test('a number reads as it was written', () => {
    fc.assert(
      fc.property(numbers, (number) => expect(parseVersionNumber(versionText(number))).toEqual(number)),
    );
  });
});

test.each(['', '1', '1.2', '1.2.3.4', '01.2.3', '1.2.x', 'v1.2.3', ' 1.2.3', '1.2.3\n', '1.2.9999999999'])(
  '“%s” is not a version number',
  (text) => expect(parseVersionNumber(text)).toBeNull(),
);
