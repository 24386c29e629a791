import { Failure } from '../../kernel/errors';
import { bind } from '../../kernel/filter/filter-sql';
import { isStorable } from '../../kernel/database/sql';
import type { LifecycleView } from '../run';
import type { RunSet } from './run-sets';

/** Some experiments, by their names or by their ids. */
export type Experiments = { readonly names: readonly string[] } | { readonly ids: readonly string[] };

/** The runs that are listed at all, whatever is asked of them. */
export interface RunScope {
  /** Null: all of the project, which is `$1`. */
  readonly experiments: Experiments | null;
  readonly view: LifecycleView;
}

const experimentsSql = (experiments: Experiments, parameters: unknown[]) =>
  `SELECT e.id FROM experiment e WHERE e.project_id = $1 AND ${
    'ids' in experiments
      ? `e.id = ANY (${bind(parameters, experiments.ids, 'uuid[]')})`
      : `e.name = ANY (${bind(parameters, experiments.names, 'text[]')})`
  }`;

/** Whether the row `run` is in the view. */
export function viewSql(view: LifecycleView, run: string): string {
  if (view === 'ALL') return 'TRUE';
  return `${run}.deleted_at IS ${view === 'ACTIVE' ? '' : 'NOT '}NULL`;
}

/** Which rows of `run r` are listed at all. An array is made once, and never becomes a join. */
export function inScopeSql({ experiments, view }: RunScope, parameters: unknown[]): string {
  const isListed = `r.project_id = $1 AND ${viewSql(view, 'r')}`;
  if (experiments === null) return isListed;
  return `${isListed} AND r.experiment_id = ANY (ARRAY(${experimentsSql(experiments, parameters)}))`;
}

/** The one experiment, where there is one. */
export function singleExperimentSql({ experiments }: RunScope, parameters: unknown[]): string | null {
  if (experiments === null || ('ids' in experiments ? experiments.ids : experiments.names).length !== 1)
    return null;
  return `(${experimentsSql(experiments, parameters)})`;
}

/** All runs of the experiments. */
export const scopeSet = (experiments: Experiments): RunSet => ({
  sql: (parameters) => `SELECT f.id AS run_id FROM run f
    WHERE f.experiment_id = ANY (ARRAY(${experimentsSql(experiments, parameters)}))`,
  isDirect: true,
  isUnique: true,
  isExact: true,
});

/** Names in one list of runs: a screen's worth of check boxes. */
const MAX_EXPERIMENT_NAMES = 100;

/** The experiments of these names, or all. Throws where there are too many of them. */
export function experimentsNamed(names: readonly string[] | null): Experiments | null {
  if (names && names.length > MAX_EXPERIMENT_NAMES)
    throw new Failure('BAD_USER_INPUT', `experiments: expected at most ${MAX_EXPERIMENT_NAMES} names.`);
  return names && { names: names.filter(isStorable) };
}
