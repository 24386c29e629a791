import type { Id, ProjectId } from '../../kernel/ids';

export type ModelId = Id<'model'>;

export const DIRECTIONS = ['MAXIMIZE', 'MINIMIZE'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The one metric that a model is to be best at. */
export interface OptimizingMetric {
  readonly key: string;
  readonly direction: Direction;
  /** Differences up to this are noise; in the metric's own unit. */
  readonly tolerance: number;
}

export const COMPARISONS = ['LTE', 'GTE'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** What a version must merely satisfy before an alias may point at it. */
export interface MetricLimit {
  readonly key: string;
  readonly comparison: Comparison;
  readonly value: number;
}

/** Words about a thing, by their keys. */
export type Tags = Readonly<Record<string, string>>;

/** A model: a name, its versions, and what they are judged by. */
export interface Model {
  readonly id: ModelId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly description: string;
  /** Null until `createModel` has declared it; then it never changes. */
  readonly optimizing: OptimizingMetric | null;
  readonly limits: readonly MetricLimit[];
  readonly tags: Tags;
  readonly createdAt: Date;
  /** When its name or its description changed, or a version was added. */
  readonly updatedAt: Date;
  /** Null while it is there. What happened with it tells of it still. */
  readonly deletedAt: Date | null;
}

/** What `createModel` declares. */
export interface ModelPolicy {
  readonly optimizing: OptimizingMetric;
  readonly limits: readonly MetricLimit[];
}

/** Whether a model has exactly this policy; the order of limits means nothing. */
export function hasPolicy(model: Model, policy: ModelPolicy): boolean {
  const { optimizing } = model;
  return (
    optimizing !== null &&
    optimizing.key === policy.optimizing.key &&
    optimizing.direction === policy.optimizing.direction &&
    optimizing.tolerance === policy.optimizing.tolerance &&
    limitsText(model.limits) === limitsText(policy.limits)
  );
}

const limitsText = (limits: readonly MetricLimit[]) =>
  JSON.stringify(limits.map(({ key, comparison, value }) => JSON.stringify([key, comparison, value])).sort());
