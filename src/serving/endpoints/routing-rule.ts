import { shorten } from '../../kernel/errors';
import { MAX_NAME_LENGTH, type InputCheck } from '../../kernel/input-check';

/** Sends callers to a variant by what they say: exactly one of `header` and `field` is given. */
export interface RoutingRule {
  /** Name of an HTTP header or of gRPC metadata, in lower case. */
  readonly header: string | null;
  /** A column of the question's first row, an input of one value a row, or a parameter beside the tensors. */
  readonly field: string | null;
  /** Applies where the value is one of these, to the letter; numbers and booleans as JSON writes them. */
  readonly equals: readonly string[];
  /** Name of the variant that answers then. */
  readonly variant: string;
}

/** What a caller says of a rule. */
export interface RoutingRuleInput {
  readonly header?: string | null;
  readonly field?: string | null;
  readonly equals: readonly string[];
  readonly variant: string;
}

/** Rules of one endpoint: each is looked at for each prediction. */
export const MAX_RULES = 20;
/** Values of all rules of an endpoint: a page of customers. More of them had better be a header of their own. */
export const MAX_RULE_VALUES = 200;
/** Longest value, in characters: the values of an endpoint are read with its routes, every few seconds. */
const MAX_VALUE_LENGTH = 250;
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]{1,100}$/;
/** Whoever may look at an endpoint reads its rules: they are no place for secrets. */
const SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

/** Rules as they are kept; what is wrong with them goes to `check`. */
export function checkRules(check: InputCheck, inputs: readonly RoutingRuleInput[]): readonly RoutingRule[] {
  check.count('rules', inputs.length, MAX_RULES);
  const values = inputs.reduce((sum, { equals }) => sum + equals.length, 0);
  if (values > MAX_RULE_VALUES)
    check.add('rules', `at most ${MAX_RULE_VALUES} values in all`, String(values));
  return inputs.slice(0, MAX_RULES).map(({ header, field, equals, variant }, index) => {
    const path = `rules[${index}]`;
    const rule = { header: header?.toLowerCase() ?? null, field: field ?? null, equals, variant };
    if ((rule.header === null) === (rule.field === null))
      check.add(path, 'exactly one of header and field', rule.header === null ? 'neither' : 'both');
    if (rule.header !== null) checkHeader(check, `${path}.header`, rule.header);
    if (rule.field !== null) check.text(`${path}.field`, rule.field, MAX_NAME_LENGTH);
    if (equals.length === 0) check.add(`${path}.equals`, 'at least one value', 'none');
    for (const [place, value] of equals.slice(0, MAX_RULE_VALUES).entries())
      check.optionalText(`${path}.equals[${place}]`, value, MAX_VALUE_LENGTH);
    return rule;
  });
}

function checkHeader(check: InputCheck, path: string, header: string): void {
  if (!HEADER_NAME.test(header))
    check.add(path, 'the name of a header, at most 100 characters', `“${shorten(header)}”`);
  else if (SECRET_HEADERS.includes(header)) check.add(path, 'a header that carries no secret', header);
}

/** Every rule leads to a variant that answers: one that is a shadow, or not there, would be a mistake. */
export function checkRuleTargets(
  check: InputCheck,
  rules: readonly RoutingRule[],
  variants: readonly { readonly name: string; readonly shadow: boolean }[],
): void {
  const answering = variants.filter(({ shadow }) => !shadow).map(({ name }) => name);
  for (const [index, { variant }] of rules.entries()) {
    if (!answering.includes(variant)) {
      const expected = `a variant of the endpoint that answers: ${answering.map((name) => shorten(name)).join(', ')}`;
      check.add(`rules[${index}].variant`, expected, `“${shorten(variant)}”`);
    }
  }
}
