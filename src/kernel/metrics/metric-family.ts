import type { ProjectId } from '../ids';

export type MetricLabels = Readonly<Record<string, string>>;

/** One line of a family. */
export interface MetricSample {
  /** What follows the family's name: `_bucket`, `_sum`, `_count`; mostly nothing. */
  readonly suffix?: string;
  /** `project` holds an id: whoever writes the lines knows the names. */
  readonly labels: MetricLabels;
  readonly value: number;
}

/** Numbers of one kind, as Prometheus has them. Names carry their unit; those of counters of ours end in `_total`. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly samples: readonly MetricSample[];
}

/** Whose numbers: of one project, or of all and of the process itself. */
export type MetricScope = { readonly only: ProjectId } | 'everything';

/** What a feature has to tell. It reads what is there, and asks no database. */
export type MetricSource = (scope: MetricScope) => readonly MetricFamily[] | Promise<readonly MetricFamily[]>;

/** @param projectId null: of several projects, which nobody is told who sees one only */
export const isInScope = (scope: MetricScope, projectId: ProjectId | null): boolean =>
  scope === 'everything' || scope.only === projectId;

export const sample = (labels: MetricLabels, value: number): MetricSample => ({ labels, value });

/** @param counts of what does not exceed each of the limits, which ascend */
export function histogramSamples(
  labels: MetricLabels,
  limits: readonly number[],
  counts: readonly number[],
  { count, sum }: { readonly count: number; readonly sum: number },
): readonly MetricSample[] {
  const buckets = limits.map((limit, index) => ({
    suffix: '_bucket',
    labels: { ...labels, le: String(limit) },
    value: counts[index] ?? 0,
  }));
  return [
    ...buckets,
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ];
}
