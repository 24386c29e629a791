import type { RunStatus } from '../../../client/operations/runs';
import { importKey } from '../import-key';
import type { FoundRun, MeasuredModel, SourcePoint, SourceRun } from '../source-run';
import type { Tally } from '../tally';
import type { MlflowRun, MlflowRunRef, MlflowStore, ModelMetric } from './mlflow-store';

const NAME_TAG = 'mlflow.runName';
const PARENT_TAG = 'mlflow.parentRunId';
/** Whose runs are when their client does not say: MLflow's word, and no name. */
const NOBODY = 'unknown';
const STATUSES: ReadonlyMap<string, RunStatus> = new Map([
  ['RUNNING', 'RUNNING'],
  ['SCHEDULED', 'RUNNING'],
  ['FINISHED', 'FINISHED'],
  ['FAILED', 'FAILED'],
  ['KILLED', 'KILLED'],
]);

/** What makes a run of MLflow's itself, wherever it is read from. */
export const runKey = (runId: string): string => importKey('mlflow', runId);

export interface MlflowRunNeeds {
  readonly store: MlflowStore;
  /** Name of the run's experiment. */
  readonly experiment: string;
  readonly tally: Tally;
  /** What was measured of logged models in the run, as their source has it. */
  readonly metricsOf: (
    runId: string,
  ) => readonly { readonly modelId: string; readonly metric: ModelMetric }[];
}

/** A run of MLflow's. */
export const mlflowRun = (ref: MlflowRunRef, needs: MlflowRunNeeds): FoundRun => ({
  key: runKey(ref.id),
  label: `${needs.experiment}/${ref.name}`,
  mark: ref.mark,
  isDeleted: ref.isDeleted,
  read: async () => sourceRun(await ref.load(), needs),
});

function sourceRun(run: MlflowRun, needs: MlflowRunNeeds): SourceRun {
  const { store, experiment } = needs;
  const parent = run.tags.find(({ key }) => key === PARENT_TAG)?.value;
  const status = STATUSES.get(run.status) ?? 'FINISHED';
  const own = run.tags.filter(({ key }) => key !== NAME_TAG && key !== PARENT_TAG);
  return {
    ...{ id: run.id, experiment, inputModels: run.inputModels },
    name: run.name || (run.tags.find(({ key }) => key === NAME_TAG)?.value ?? null),
    startedAtMs: run.startedAtMs,
    endedAtMs: status === 'RUNNING' ? null : (run.endedAtMs ?? run.startedAtMs),
    status,
    userId: run.userId === '' || run.userId === NOBODY ? null : run.userId,
    params: run.params,
    tags: [...own, { key: 'modelgraph.imported.from', value: store.place }],
    datasets: run.datasets,
    parent: parent ? { key: runKey(parent), id: parent } : null,
    points: () => pointsOf(run, needs),
    files: () => store.files({ kind: 'run', ...run }),
  };
}

/** All points, metric by metric; those that are of a logged model too say so. */
async function* pointsOf(
  run: MlflowRun,
  { store, tally, metricsOf }: MlflowRunNeeds,
): AsyncGenerator<readonly SourcePoint[]> {
  const models = new Map<string, MeasuredModel[]>();
  for (const { modelId, metric } of metricsOf(run.id)) {
    const { datasetName, datasetDigest } = metric;
    const name = nameOf(metric);
    models.set(name, [...(models.get(name) ?? []), { id: modelId, datasetName, datasetDigest }]);
  }
  for (const key of run.metricKeys)
    for await (const points of store.points(run, key))
      yield points.map((point) => {
        const model = models.get(nameOf(point))?.shift();
        return model ? { ...point, model } : point;
      });
  const left = [...models.values()].reduce((sum, { length }) => sum + length, 0);
  if (left > 0)
    tally.leaveOut(
      'metrics of logged models',
      'No point of their run is like them, or one is of several models.',
      run.name || run.id,
      left,
    );
}

const nameOf = ({ key, step, timestampMs, value }: Omit<SourcePoint, 'model'>): string =>
  `${timestampMs} ${step} ${Object.is(value, -0) ? '-0' : value} ${key}`;
