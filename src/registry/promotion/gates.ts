import type { Sha256 } from '../../kernel/artifacts/artifact';
import { refusedRequests, contractChanges } from '../contract/contract-changes';
import type { MetricLimit } from '../models/model';
import type { VersionFormat } from '../versions/model-version';
import type { Signature } from '../contract/signature';
import { numberTexts } from '../number-text';

/** What one check found. A gate that could not be evaluated has not passed. */
export interface GateResult {
  readonly name: string;
  readonly passed: boolean;
  /** The number that was found; null where the gate has none, or none was found. */
  readonly actual: number | null;
  readonly limit: number | null;
  readonly unit: string | null;
  readonly message: string;
}

/** A number that a limit is held against, or why there is none. */
export type Measurement =
  | { readonly ok: true; readonly value: number; readonly unit: string | null; readonly on: string | null }
  | { readonly ok: false; readonly unit: string | null; readonly why: string };

/** Keys of limits that the platform measures itself, whatever metrics a version says it has. */
export const MEASURED_BY_PLATFORM = { model_size_bytes: 'bytes', latency_p99_ms: 'ms' } as const;

/** The stored bytes are still those that were registered. */
export function integrityGate(
  expected: Sha256,
  stored: { readonly sha256: Sha256 } | { readonly why: string },
): GateResult {
  if ('why' in stored) return unmeasured('integrity', `The stored bytes could not be read: ${stored.why}`);
  return stored.sha256 === expected
    ? verdict('integrity', true, `The stored bytes hash to ${expected}.`)
    : verdict(
        'integrity',
        false,
        `The stored bytes hash to ${stored.sha256}, not ${expected}: they were damaged or changed.`,
      );
}

export interface SignatureQuestion {
  /** What the alias points at now; null where it points at nothing. */
  readonly current: {
    readonly number: string;
    readonly signature: Signature;
    readonly format: VersionFormat;
  } | null;
  readonly next: Signature;
  /** The caller knows that callers of the alias must change their requests. */
  readonly acceptsContractBreak: boolean;
}

/**
 * Requests that callers of the alias send today are still taken. Other changes of the contract (an output, the
 * labels) are told, not refused: a new MAJOR must be able to go live, and its callers can still be answered.
 */
export function signatureGate({ current, next, acceptsContractBreak }: SignatureQuestion): GateResult {
  if (current === null)
    return verdict('signature', true, 'The alias points at nothing yet: there is no contract to keep.');
  if (current.format === 'OPAQUE')
    return verdict('signature', true, `${current.number} is never opened: nobody sends it requests.`);
  const refused = refusedRequests(current.signature, next);
  if (refused.length > 0) {
    const fact = `Requests made for ${current.number} would be refused: ${refused.join('; ')}.`;
    if (acceptsContractBreak) return verdict('signature', true, `${fact} The caller accepts it.`);
    return verdict('signature', false, `${fact} Use another alias for it, or set acceptContractBreak.`);
  }
  const changes = contractChanges(current.signature, next);
  if (changes.length === 0) return verdict('signature', true, `The contract is that of ${current.number}.`);
  return verdict(
    'signature',
    true,
    `Requests made for ${current.number} are still taken; but ${changes.join('; ')}.`,
  );
}

/** A number is on the right side of its limit. NaN is on no side. */
export function limitGate(
  { key, comparison, value: limit }: MetricLimit,
  measurement: Measurement,
): GateResult {
  const { unit } = measurement;
  if (!measurement.ok)
    return { name: key, passed: false, actual: null, limit, unit, message: measurement.why };
  const { value: actual, on } = measurement;
  const passed = comparison === 'LTE' ? actual <= limit : actual >= limit;
  return {
    name: key,
    passed,
    actual,
    limit,
    unit,
    message: limitSentence(key, comparison, actual, limit, unit, on),
  };
}

function limitSentence(
  key: string,
  comparison: MetricLimit['comparison'],
  actual: number,
  limit: number,
  unit: string | null,
  on: string | null,
): string {
  const [value, bar] = numberTexts(actual, limit);
  const found = `${key} is ${value}${unit ? ` ${unit}` : ''}${on ? ` on ${on}` : ''}`;
  const rule = `the limit is ${comparison === 'LTE' ? 'at most' : 'at least'} ${bar}${unit ? ` ${unit}` : ''}`;
  return `${found}; ${rule}.`;
}

/**
 * Which of a version's values a limit is held against: measured on several datasets, the worst one, and NaN is
 * worse than everything.
 */
export function worstOf<Value extends { readonly value: number }>(
  comparison: MetricLimit['comparison'],
  values: readonly Value[],
): Value | null {
  const badness = ({ value }: Value) =>
    Number.isNaN(value) ? Infinity : comparison === 'LTE' ? value : -value;
  const isWorse = (a: Value, b: Value) =>
    Number.isNaN(a.value) || (!Number.isNaN(b.value) && badness(a) > badness(b));
  return values.reduce<Value | null>(
    (worst, value) => (worst === null || isWorse(value, worst) ? value : worst),
    null,
  );
}

const verdict = (name: string, passed: boolean, message: string): GateResult => ({
  name,
  passed,
  actual: null,
  limit: null,
  unit: null,
  message,
});

const unmeasured = (name: string, message: string) => verdict(name, false, message);
