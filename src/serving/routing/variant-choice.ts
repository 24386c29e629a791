import { pickLearning } from './bandit';
import type { PredictRequest } from '../predictions/prediction';
import type { Random } from './random-draws';
import { matchingRule } from './running-rules';
import type { RunningEndpoint, RunningVariant } from './running-endpoint';
import { sequenceKey } from '../execution/sequence';
import { pickVariant } from './traffic-split';
import type { ModelVersionId } from '../../registry/registry';

export interface Choice {
  readonly variant: RunningVariant;
  /** Whether a rule or the caller has decided, and no chance. */
  readonly byRule: boolean;
  /** Whether it is asked while it rests, since no other will do: no trial, and its health learns nothing of it. */
  readonly isEarly?: boolean;
}
type Asked = Pick<PredictRequest, 'headers' | 'rows' | 'inputs' | 'parameters' | 'routingKey' | 'sequence'>;
type Chosen = Pick<RunningEndpoint, 'id' | 'rules' | 'strategy' | 'variants'>;

/**
 * Who answers: whom the first rule that applies names, else one of the variants that may be tried, by the strategy.
 * Where none may be tried, health is no reason: an answer may still come, and if not, its error says why. Nor is it one
 * for a sequence: another variant would not know what was asked before.
 */
export function chooseVariant(endpoint: Chosen, asked: Asked, nowMs: number, random: Random): Choice {
  const ruled = endpoint.rules.length === 0 ? undefined : matchingRule(endpoint.rules, asked)?.variant;
  if (asked.sequence) {
    const variant = ruled ?? pickVariant(endpoint.variants, keyOf(endpoint, asked), random());
    return { variant, byRule: ruled !== undefined, isEarly: rests(variant, nowMs) };
  }
  if (ruled && !rests(ruled, nowMs)) return { variant: ruled, byRule: true };
  const usable = usableOf(endpoint.variants, nowMs);
  if (ruled && usable.length === 0) return { variant: ruled, byRule: true };
  const candidates = usable.length === 0 ? endpoint.variants : usable;
  return { variant: byStrategy(endpoint, candidates, asked, random), byRule: false };
}

/**
 * Who answers with the version that the caller has asked for: no rule and no strategy has a say. Of several variants
 * that lead to it one that may be tried, by the weights; health is no reason where none may be, since nobody else has
 * it, nor for a sequence. Null where none leads to it.
 */
export function choosePinned(
  endpoint: Pick<Chosen, 'id' | 'variants'>,
  pinned: ModelVersionId,
  asked: Pick<Asked, 'routingKey' | 'sequence'>,
  nowMs: number,
  random: Random,
): Choice | null {
  const variants = variantsWith(endpoint, pinned);
  const usable = asked.sequence ? [] : usableOf(variants, nowMs);
  const candidates = usable.length === 0 ? variants : usable;
  const variant = candidates.some(hasWeight)
    ? pickVariant(candidates, keyOf(endpoint, asked), random())
    : candidates[0];
  return variant ? { variant, byRule: true, isEarly: rests(variant, nowMs) } : null;
}

/** Those that answer with it. */
export const variantsWith = (
  { variants }: Pick<Chosen, 'variants'>,
  versionId: ModelVersionId,
): readonly RunningVariant[] => variants.filter(({ model }) => model.version.id === versionId);

/** Another than the one that has failed; null where there is none that may be tried. A rule's word was for that one. */
export function chooseInstead(
  endpoint: Chosen,
  failed: RunningVariant,
  asked: Asked,
  nowMs: number,
  random: Random,
): RunningVariant | null {
  // The same bytes would fail again, and take another worker with them.
  const others = usableOf(endpoint.variants, nowMs).filter(
    ({ model }) => model.file.sha256 !== failed.model.file.sha256,
  );
  return others.some(hasWeight) ? byStrategy(endpoint, others, asked, random) : null;
}

/** The weight of one that may not be tried goes to the others. Empty where nobody with a weight is left. */
function usableOf(variants: readonly RunningVariant[], nowMs: number): readonly RunningVariant[] {
  if (variants.every(({ known }) => known.health.isHealthy)) return variants;
  const usable = variants.filter(({ known }) => known.health.mayTry(nowMs));
  return usable.some(hasWeight) ? usable : [];
}

/** A routing key is split by the weights, whatever the strategy: its caller is to stay where it is. */
function byStrategy(
  endpoint: Chosen,
  variants: readonly RunningVariant[],
  asked: Asked,
  random: Random,
): RunningVariant {
  const key = keyOf(endpoint, asked);
  const { strategy } = endpoint;
  if (strategy.kind === 'WEIGHTS' || key !== null) return pickVariant(variants, key, random());
  return pickLearning(variants, strategy, random) ?? pickVariant(variants, null, random());
}

/**
 * With the endpoint's id: who is in one experiment's treatment must not be in all of them, whatever their names are.
 */
function keyOf(
  { id }: Pick<Chosen, 'id'>,
  { routingKey, sequence }: Pick<Asked, 'routingKey' | 'sequence'>,
): string | null {
  const key = routingKey ?? (sequence ? sequenceKey(sequence) : null);
  return key === null ? null : `${id}\0${key}`;
}

const rests = ({ known }: RunningVariant, nowMs: number): boolean => !known.health.mayTry(nowMs);

const hasWeight = ({ weight }: RunningVariant) => weight > 0;
