import type { Actor } from '../kernel/actor';
import { Failure, shorten } from '../kernel/errors';
import type { ModelVersion } from '../registry/registry';
import type { Endpoint, RewardSummary, Serving, Variant } from '../serving/serving';
import { silentVariant, type VariantLatency } from './latency-window';
import { measuredWindows } from './measured-windows';
import { decisionOf, liftOf, type Decision, type Lift } from './lift';
import type { MonitoringQueries } from './monitoring.queries';
import type { DifferenceCounts } from './shadow-differences';
import { gridSince } from './window-grid';

/** Longest span of a comparison: as long as minutes are kept. */
export const MAX_COMPARED_MINUTES = 7 * 24 * 60;
export const DEFAULT_COMPARED_MINUTES = 24 * 60;

export interface ComparisonRequest {
  readonly endpoint: Endpoint;
  /** Names of two variants. */
  readonly control: string;
  readonly treatment: string;
  /** How far latencies, errors and disagreement go back. */
  readonly minutes: number;
}

/** One side: the variant with the version that it leads to now. */
export interface ComparedVariant {
  readonly latency: VariantLatency;
  /** Rewards that count, and their mean; null without any. */
  readonly feedback: number;
  readonly meanReward: number | null;
}

export interface Disagreement extends DifferenceCounts {
  /** 0 to 1; null where nothing was compared. */
  readonly rate: number | null;
  readonly meanAbsDifference: number | null;
}

export interface Comparison {
  readonly control: ComparedVariant;
  readonly treatment: ComparedVariant;
  /** Null where neither of them is a shadow. */
  readonly disagreement: Disagreement | null;
  /** When the first prediction was made whose feedback counts; null without any. */
  readonly feedbackSince: Date | null;
  readonly lift: Lift | null;
  readonly decided: Decision;
}

interface Needs {
  readonly serving: Serving;
  readonly queries: MonitoringQueries;
  readonly nowMs: () => number;
}

/** Holds two variants against each other, each with the version that it leads to now: older ones are another story. */
export async function compareVariants(
  { serving, queries, nowMs }: Needs,
  actor: Actor,
  { endpoint, minutes, ...names }: ComparisonRequest,
): Promise<Comparison> {
  checkMinutes(minutes);
  const variants = [variantOf(endpoint, names.control), variantOf(endpoint, names.treatment)] as const;
  const versions = await serving.versionsByRefs(
    actor,
    variants.map(({ ref }) => ref),
  );
  const sides = variants.map((variant, place) => sideOf(endpoint, variant, versions[place]));
  const [control, treatment] = sides;
  if (!control || !treatment) throw new Error('There are two sides.');
  const since = new Date(nowMs() - minutes * 60_000);
  const grid = gridSince(since.getTime(), 1, nowMs());
  const keys = grid ? [{ askedId: endpoint.id, grid }] : [];
  const [windows = []] = await measuredWindows(queries, actor.projectId, keys);
  const measured = windows.flatMap((window) => window.variants);
  const rewards = await serving.rewardsOf(actor, sides);
  const pair = pairOf(control, treatment);
  const counts =
    pair && (await queries.differences(actor.projectId, { endpointId: endpoint.id, ...pair }, since));
  return comparisonOf([control, treatment], measured, rewards, counts);
}

interface Side extends Pick<Variant, 'weight' | 'shadow'> {
  readonly endpointId: Endpoint['id'];
  readonly variant: string;
  readonly versionId: ModelVersion['id'];
}

function comparisonOf(
  [control, treatment]: readonly [Side, Side],
  measured: readonly VariantLatency[],
  [ofControl, ofTreatment]: readonly RewardSummary[],
  counts: DifferenceCounts | null,
): Comparison {
  if (!ofControl || !ofTreatment) throw new Error('Each side has its rewards.');
  const lift = liftOf(ofControl, ofTreatment);
  const times = [ofControl.since, ofTreatment.since].flatMap((since) => (since ? [since.getTime()] : []));
  return {
    control: comparedOf(control, measured, ofControl),
    treatment: comparedOf(treatment, measured, ofTreatment),
    disagreement: counts && disagreementOf(counts),
    feedbackSince: times.length === 0 ? null : new Date(Math.min(...times)),
    lift,
    decided: decisionOf(lift),
  };
}

function comparedOf(
  side: Side,
  measured: readonly VariantLatency[],
  { count, mean }: RewardSummary,
): ComparedVariant {
  const { variant, versionId, weight, shadow } = side;
  const found = measured.find((one) => one.variant === variant && one.versionId === versionId);
  return {
    latency: found ?? silentVariant({ variant, versionId, weight, shadow }),
    feedback: count,
    meanReward: count === 0 ? null : mean,
  };
}

const disagreementOf = (counts: DifferenceCounts): Disagreement => ({
  ...counts,
  rate: counts.compared === 0 ? null : counts.disagreed / counts.compared,
  meanAbsDifference: counts.values === 0 ? null : counts.absDifference / counts.values,
});

/** Which of them has copied the other; two that both answer callers, or both copy, never see the same question. */
function pairOf(control: Side, treatment: Side): { readonly shadow: Side; readonly live: Side } | null {
  if (control.shadow === treatment.shadow) return null;
  return control.shadow ? { shadow: control, live: treatment } : { shadow: treatment, live: control };
}

function variantOf({ name, variants }: Endpoint, wanted: string): Variant {
  const variant = variants.find((one) => one.name === wanted);
  if (variant) return variant;
  const known = variants.map((one) => shorten(one.name)).join(', ');
  throw new Failure(
    'BAD_USER_INPUT',
    `comparison: expected a variant of “${name}” (${known}), got “${shorten(wanted)}”.`,
  );
}

function sideOf(
  { id: endpointId }: Endpoint,
  { name: variant, ref, weight, shadow }: Variant,
  version: ModelVersion | null | undefined,
): Side {
  if (!version) throw new Error(`The variant's reference ${ref} leads nowhere.`);
  return { endpointId, variant, versionId: version.id, weight, shadow };
}

function checkMinutes(minutes: number): void {
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= MAX_COMPARED_MINUTES) return;
  throw new Failure('BAD_USER_INPUT', `minutes: expected 1 to ${MAX_COMPARED_MINUTES}, got ${minutes}.`);
}
