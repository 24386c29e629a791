import type { FoundRun } from '../operations/search-runs';

/** What a run has in one column: text of a person, or a number of ours. */
export type Cell = string | number | null;

export interface RunColumn {
  readonly title: string;
  readonly cell: (run: FoundRun) => Cell;
}

/** What every run has, by the names that filters know. */
const FACTS: readonly RunColumn[] = [
  { title: 'run_id', cell: ({ id }) => id },
  { title: 'name', cell: ({ name }) => name },
  { title: 'experiment', cell: ({ experiment }) => experiment.name },
  { title: 'status', cell: ({ status }) => status },
  { title: 'start_time', cell: ({ startedAt }) => startedAt },
  { title: 'end_time', cell: ({ endedAt }) => endedAt },
];

/** All that these runs have: what every run has, then their metrics, params and tags, by key. */
export function columnsOf(runs: readonly FoundRun[]): readonly RunColumn[] {
  return [
    ...FACTS,
    ...keysOf(runs, ({ metrics }) => metrics).map((key) => metricColumn(key, `metrics.${key}`)),
    ...keysOf(runs, ({ params }) => params).map((key) => paramColumn(key, `params.${key}`)),
    ...keysOf(runs, ({ tags }) => tags).map((key) => tagColumn(key, `tags.${key}`)),
  ];
}

export const keysOf = (
  runs: readonly FoundRun[],
  list: (run: FoundRun) => readonly { readonly key: string }[],
): string[] => [...new Set(runs.flatMap((run) => list(run).map(({ key }) => key)))].toSorted();

export const metricColumn = (key: string, title: string): RunColumn => ({
  title,
  cell: ({ metrics }) => metrics.find((metric) => metric.key === key)?.last ?? null,
});

export const paramColumn = (key: string, title: string): RunColumn => ({
  title,
  cell: ({ params }) => params.find((param) => param.key === key)?.value ?? null,
});

const tagColumn = (key: string, title: string): RunColumn => ({
  title,
  cell: ({ tags }) => tags.find((tag) => tag.key === key)?.value ?? null,
});

/** A run as one object, with its metrics, params and tags by key. */
export function runObject(run: FoundRun): object {
  const { id, name, status, startedAt, endedAt, experiment } = run;
  return {
    ...{ id, name, experiment: experiment.name, status, startedAt, endedAt },
    metrics: byKey(run.metrics.map(({ key, last }) => [key, last])),
    params: byKey(run.params.map(({ key, value }) => [key, value])),
    tags: byKey(run.tags.map(({ key, value }) => [key, value])),
  };
}

/** Keys are any text, `__proto__` too: here it is a key like others. */
const byKey = (entries: readonly (readonly [string, string | number])[]) => Object.fromEntries(entries);
