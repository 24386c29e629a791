import type { Variant } from '../endpoint';
import type { PredictRequest } from '../prediction';
import type { RoutingRule } from './routing-rule';

/** A rule that is ready to be looked at for each prediction. */
export interface RunningRule<Running> extends Omit<RoutingRule, 'equals' | 'variant'> {
  readonly values: ReadonlySet<string>;
  readonly variant: Running;
}

/** Rules whose variant does not run are left out: their callers go the way of all others. */
export function runningRules<Running extends Pick<Variant, 'name'>>(
  rules: readonly RoutingRule[],
  variants: readonly Running[],
): readonly RunningRule<Running>[] {
  return rules.flatMap(({ header, field, equals, variant: name }) => {
    const variant = variants.find((running) => running.name === name);
    return variant ? [{ header, field, values: new Set(equals), variant }] : [];
  });
}

/** The first rule that applies. */
export function matchingRule<Running>(
  rules: readonly RunningRule<Running>[],
  request: Pick<PredictRequest, 'headers' | 'rows' | 'parameters'>,
): RunningRule<Running> | undefined {
  return rules.find(({ header, field, values }) => {
    const value = header === null ? fieldOf(request, field ?? '') : request.headers?.(header);
    return value !== undefined && values.has(value);
  });
}

function fieldOf({ rows, parameters }: Pick<PredictRequest, 'rows' | 'parameters'>, field: string) {
  return textOf(rows?.[0]?.[field]) ?? textOf(parameters?.[field]);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const isPlain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return isPlain ? String(value) : undefined;
}
