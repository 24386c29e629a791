import type { Double } from './operations/double';
import { shortNumber } from './wording';

/** What a mutation answers: its success, or one of its errors, which are members of the same union. */
export type Outcome<Success extends string, Facts> = ({ readonly __typename: Success } & Facts) | Refusal;

/** What all errors have, and the facts of those that this client asks for. */
export interface Refusal {
  readonly __typename: `${string}Error`;
  readonly code: string;
  readonly message: string;
  readonly issues?: readonly InputIssue[];
  readonly gates?: readonly GateResult[];
  readonly actualRevision?: number;
}

export interface InputIssue {
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

export interface GateResult {
  readonly name: string;
  readonly passed: boolean;
  readonly actual: Double | null;
  readonly limit: Double | null;
  readonly unit: string | null;
  readonly message: string;
}

interface Member {
  readonly __typename: string;
}

/** The member of a result union that the caller expects; every other is thrown as a readable sentence. */
export function expectMember<Result extends Member, Name extends Result['__typename']>(
  result: Result,
  expected: Name,
): Extract<Result, { readonly __typename: Name }> {
  if (result.__typename === expected) return result as Extract<Result, { readonly __typename: Name }>;
  const actual = isRefusal(result) ? sentenceOf(result) : result.__typename;
  throw new Error(`Expected ${expected}, but got ${actual}`);
}

/** The error of a result union that the caller has provoked. */
export function expectRefusal(result: Member, expected: `${string}Error`): Refusal {
  if (result.__typename === expected) return result as Refusal;
  const actual = isRefusal(result) ? sentenceOf(result) : result.__typename;
  throw new Error(`Expected ${expected}, but got ${actual}`);
}

const isRefusal = (result: Member): result is Refusal => result.__typename.endsWith('Error');

/** An error of a union with all its facts, one a line. */
function sentenceOf({ __typename, code, message, issues = [], gates = [], actualRevision }: Refusal): string {
  const facts = [...issues.map(issueLine), ...gates.map(gateLine)];
  if (actualRevision !== undefined) facts.push(`actual revision: ${actualRevision}`);
  return [`${__typename} (${code}): ${message}`, ...facts].join('\n  ');
}

export const issueLine = ({ path, expected, actual }: InputIssue) =>
  `${path}: expected ${expected}, got ${actual}`;

/** The number beside its limit; a gate that has no numbers, or found none, says why in words. */
export function gateLine({ name, passed, actual, limit, unit, message }: GateResult): string {
  const mark = passed ? '✓' : '✗';
  if (actual === null || limit === null) return `${mark} ${name}: ${message}`;
  return `${mark} ${name}: ${shortNumber(actual)} (limit ${shortNumber(limit)}${unit ? ` ${unit}` : ''})`;
}
