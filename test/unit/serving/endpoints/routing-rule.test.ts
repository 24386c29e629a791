import { InputCheck } from '../../../../src/kernel/input-check';
import type { Variant } from '../../../../src/serving/endpoints/endpoint';
import type { PredictRequest } from '../../../../src/serving/predictions/prediction';
import {
  checkRules,
  checkRuleTargets,
  MAX_RULES,
  MAX_RULE_VALUES,
  type RoutingRuleInput,
} from '../../../../src/serving/endpoints/routing-rule';
import { matchingRule, runningRules } from '../../../../src/serving/routing/running-rules';

const rule = (more: Partial<RoutingRuleInput> = {}): RoutingRuleInput => ({
  header: 'x-group',
  equals: ['beta'],
  variant: 'new',
  ...more,
});
const stored = (...rules: RoutingRuleInput[]) => checkRules(new InputCheck(), rules);
const variant = (name: string, shadow = false): Variant => ({ name, ref: 'm@1.0.0', weight: 1, shadow });
const COLUMNS = [
  { name: 'age', input: 'x', index: 0 },
  { name: 'country', input: 'x', index: 1 },
  { name: 'plan', input: 'codes', index: null },
];
/** Whom the rules send a caller to. */
const sentTo = (rules: readonly RoutingRuleInput[], request: PredictRequest) => {
  const running = runningRules(stored(...rules), [variant('new'), variant('other')], COLUMNS);
  return matchingRule(running, request)?.variant.name;
};
const withHeaders = (headers: Record<string, string>): PredictRequest => ({
  headers: (name) => headers[name],
});

test('a header sends its callers to the variant, whatever the case of its name', () => {
  const rules = [rule({ header: 'X-Group', equals: ['alpha', 'beta'] })];
  expect(sentTo(rules, withHeaders({ 'x-group': 'alpha' }))).toBe('new');
  expect(sentTo(rules, withHeaders({ 'x-group': 'Alpha' }))).toBeUndefined();
  expect(sentTo(rules, withHeaders({}))).toBeUndefined();
  expect(sentTo(rules, {})).toBeUndefined();
});

test.each<[unknown, string, boolean]>([
  ['DE', 'DE', true],
  ['de', 'DE', false],
  [7, '7', true],
  [7.5, '7.5', true],
  [9007199254740993n, '9007199254740993', true],
  [true, 'true', true],
  [null, 'null', false],
  [undefined, 'undefined', false],
  [['DE'], 'DE', false],
])('a column of the first row that is %p equals “%s”: %s', (value, text, applies) => {
  const rules = [rule({ header: null, field: 'country', equals: [text] })];
  expect(sentTo(rules, { rows: [{ country: value }, { country: 'XX' }] })).toBe(applies ? 'new' : undefined);
  expect(sentTo(rules, { parameters: { country: value } })).toBe(applies ? 'new' : undefined);
});

test('only the first row decides, and its column before a parameter', () => {
  const rules = [rule({ header: null, field: 'country', equals: ['DE'] })];
  expect(sentTo(rules, { rows: [{ country: 'FR' }, { country: 'DE' }] })).toBeUndefined();
  expect(sentTo(rules, { rows: [{ country: 'FR' }], parameters: { country: 'DE' } })).toBeUndefined();
  expect(sentTo(rules, { rows: [] })).toBeUndefined();
});

test.each<[string, number[], unknown[], string]>([
  ['country', [2, 2], [1, 'DE', 2, 'FR'], 'DE'],
  ['country', [2, 2], [[1, 'DE'], [2, 'FR']], 'DE'], // prettier-ignore
  ['age', [1, 2], [1, 'DE'], '1'],
  ['x', [2, 1], [[5], [6]], '5'],
  ['x', [2], [5, 6], '5'],
  ['x', [], [5], '5'],
])('where tensors come, “%s” of [%j] is that of the first row', (field, shape, data, text) => {
  const rules = [rule({ header: null, field, equals: [text] })];
  const input = { name: 'x', datatype: 'BYTES', shape, data };
  expect(sentTo(rules, { inputs: [{ ...input, name: 'others' }, input] })).toBe('new');
  expect(sentTo(rules, { inputs: [{ ...input, name: 'others' }] })).toBeUndefined();
  expect(sentTo(rules, { inputs: [{ ...input, data: [] }] })).toBeUndefined();
});

test('a column may be an input of another name; it decides before a parameter', () => {
  const rules = [rule({ header: null, field: 'plan', equals: ['gold'] })];
  const codes = (plan: string) => ({ name: 'codes', datatype: 'BYTES', shape: [1], data: [plan] });
  expect(sentTo(rules, { inputs: [codes('gold')] })).toBe('new');
  expect(sentTo(rules, { inputs: [codes('silver')], parameters: { plan: 'gold' } })).toBeUndefined();
  expect(sentTo(rules, { inputs: [], parameters: { plan: 'gold' } })).toBe('new');
});

test('an input of several values a row has none that a rule could name', () => {
  const rules = [rule({ header: null, field: 'x', equals: ['5'] })];
  expect(sentTo(rules, { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [5, 6] }] })).toBe(
    undefined,
  );
});

test('no name reaches what every object has', () => {
  const rules = [rule({ header: null, field: 'constructor', equals: ['Object'] })];
  expect(sentTo(rules, { rows: [{}] })).toBeUndefined();
});

test('the first rule that applies wins', () => {
  const rules = [rule({ equals: ['no'] }), rule({ variant: 'other' }), rule({ variant: 'new' })];
  expect(sentTo(rules, withHeaders({ 'x-group': 'beta' }))).toBe('other');
});

test('a rule whose variant does not run is passed over', () => {
  const rules = [rule({ variant: 'gone' }), rule({ variant: 'other' })];
  expect(sentTo(rules, withHeaders({ 'x-group': 'beta' }))).toBe('other');
});

describe('a rule is refused', () => {
  const issues = (...rules: RoutingRuleInput[]) => {
    const check = new InputCheck();
    checkRuleTargets(check, checkRules(check, rules), [variant('new'), variant('shadow', true)]);
    return check.result()?.issues.map(({ path }) => path);
  };
  test.each<[string, Partial<RoutingRuleInput>, string]>([
    ['that names neither header nor field', { header: null }, 'rules[0]'],
    ['that names both', { field: 'country' }, 'rules[0]'],
    ['with a header that is none', { header: 'x group' }, 'rules[0].header'],
    ['with an empty header', { header: '' }, 'rules[0].header'],
    ['with a secret header', { header: 'Authorization' }, 'rules[0].header'],
    ['with an empty field', { header: null, field: '' }, 'rules[0].field'],
    ['with a field that is too long', { header: null, field: 'f'.repeat(256) }, 'rules[0].field'],
    ['without values', { equals: [] }, 'rules[0].equals'],
    ['with a value that is too long', { equals: ['a', 'v'.repeat(251)] }, 'rules[0].equals[1]'],
    ['that leads nowhere', { variant: 'gone' }, 'rules[0].variant'],
    ['that leads to a shadow', { variant: 'shadow' }, 'rules[0].variant'],
  ])('%s', (_what, more, path) => expect(issues(rule(more))).toEqual([path]));

  test('where there are too many of them, or of their values', () => {
    expect(issues(...Array.from({ length: MAX_RULES }, () => rule()))).toBeUndefined();
    expect(issues(...Array.from({ length: MAX_RULES + 1 }, () => rule()))).toEqual(['rules']);
    const values = (count: number) => rule({ equals: Array.from({ length: count }, String) });
    expect(issues(values(MAX_RULE_VALUES / 2), values(MAX_RULE_VALUES / 2))).toBeUndefined();
    expect(issues(values(MAX_RULE_VALUES / 2), values(MAX_RULE_VALUES / 2 + 1))).toEqual(['rules']);
  });
});
