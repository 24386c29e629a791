/**
 * All that a run consists of besides its row, in the order in which it goes. A new table with a column `run_id` belongs
 * here, or to what outlives a run: a test looks for it.
 */
export interface RunPart {
  readonly table: string;
  /** What one row counts where rows of one transaction are counted: a chunk of points may have 250 kB. */
  readonly weight: number;
}

const part = (table: string, weight = 1): RunPart => ({ table, weight });

export const RUN_PARTS: readonly RunPart[] = [
  part('metric_tail', 20), // before chunks: a fold that goes on makes some of it
  part('metric_chunk', 20),
  ...['metric_series', 'run_param', 'run_tag', 'run_artifact', 'run_dataset'].map((table) => part(table)),
  ...['run_setup', 'run_setup_file', 'logged_model_metric', 'run_model'].map((table) => part(table)),
];

/** Of a model that the run has logged, by `logged_model_id`. */
export const LOGGED_MODEL_PARTS: readonly RunPart[] = [
  ...['param', 'tag', 'artifact', 'metric'].map((name) => part(`logged_model_${name}`)),
  part('run_model'),
];

/** Of an experiment, by `experiment_id`, when its runs have gone. */
export const EXPERIMENT_PARTS: readonly RunPart[] = [
  ...['run_change', 'experiment_tag', 'experiment_retention', 'experiment_feed'].map((table) => part(table)),
];

/** Tables that name a run that may be gone, and why they keep its id. */
export const OUTLIVES_RUN: Readonly<Record<string, string>> = {
  run_change: 'it tells those who were away that the run has gone',
  model_version: 'a version keeps saying that it came from a run',
};
