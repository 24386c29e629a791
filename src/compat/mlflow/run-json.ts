import type { Actor } from '../../kernel/actor';
import { encodeNodeId } from '../../kernel/ids';
import {
  tagsOfSource,
  type KeyValue,
  type MadeRun,
  type MetricSummary,
  type Run,
  type RunId,
  type RunInput,
  type RunModel,
  type RunModelDirection,
  type Tracking,
} from '../../tracking/tracking';
import { listOrNothing, type Json } from './answer-json';
import { loggedModelKey } from './logged-model-key';
import { inputJson } from './input-json';
import { experimentKey, type ExperimentIds } from './experiment-ids';

/** The tags that MLflow keeps beside a run's own fields. Ours are the fields: the tags are made of them. */
export const NAME_TAG = 'mlflow.runName';
export const PARENT_TAG = 'mlflow.parentRunId';
export const USER_TAG = 'mlflow.user';

export const runKey = (id: RunId): string => encodeNodeId('run', id);

/** Where the files of a run are, as its clients are told: addresses of this server. */
export const runUri = (experimentKey: string, run: Run): string =>
  `mlflow-artifacts:/${experimentKey}/${runKey(run.id)}/artifacts`;

/** Runs as MLflow's answers have them. */
export class RunJson {
  constructor(
    private readonly tracking: Tracking,
    private readonly ids: ExperimentIds,
  ) {}

  async one(actor: Actor, run: Run): Promise<Json> {
    const [json] = await this.many(actor, [run]);
    return json ?? {};
  }

  async info(actor: Actor, run: Run): Promise<Json> {
    const [keys, [tags = []]] = await Promise.all([
      this.ids.keysOf(actor, [run.experimentId]),
      this.tracking.tagsByRunIds(actor, [run.id]),
    ]);
    return infoJson(run, keys.get(run.experimentId) ?? '', tags);
  }

  /** A run that was made just now: it has what it was given, and nobody has to look for more. */
  made(run: Run, { experiment, tags }: MadeRun): Json {
    return runJson(run, experimentKey(experiment), { ...NO_FACTS, tags });
  }

  /** In a handful of statements, however many they are. */
  async many(actor: Actor, runs: readonly Run[]): Promise<readonly Json[]> {
    const ids = runs.map(({ id }) => id);
    const [keys, tags, params, metrics, models, inputs] = await Promise.all([
      this.ids.keysOf(
        actor,
        runs.map(({ experimentId }) => experimentId),
      ),
      this.tracking.tagsByRunIds(actor, ids),
      this.tracking.paramsByRunIds(actor, ids),
      this.tracking.metricSummariesByRunIds(actor, ids),
      this.tracking.loggedModels.ofRuns(actor, ids),
      this.tracking.inputs.ofRuns(actor, ids),
    ]);
    return runs.map((run, index) =>
      runJson(run, keys.get(run.experimentId) ?? '', {
        tags: tags[index] ?? [],
        params: params[index] ?? [],
        metrics: metrics[index] ?? [],
        models: models[index] ?? [],
        inputs: inputs[index] ?? [],
      }),
    );
  }
}

/** What is told of a run besides itself. */
interface RunFacts {
  readonly tags: readonly KeyValue[];
  readonly params: readonly KeyValue[];
  readonly metrics: readonly MetricSummary[];
  readonly models: readonly RunModel[];
  readonly inputs: readonly RunInput[];
}
const NO_FACTS: RunFacts = { tags: [], params: [], metrics: [], models: [], inputs: [] };

const runJson = (run: Run, key: string, { tags, params, metrics, models, inputs }: RunFacts): Json => ({
  info: infoJson(run, key, tags),
  data: {
    metrics: listOrNothing(metrics.filter(isOfRun).map(metricJson)),
    params: listOrNothing(params.map(({ key, value }) => ({ key, value }))),
    tags: listOrNothing(tagList(run, tags)),
  },
  inputs: {
    dataset_inputs: listOrNothing(inputs.map(inputJson)),
    model_inputs: modelList(models, 'INPUT'),
  },
  outputs: { model_outputs: modelList(models, 'OUTPUT') },
});

const infoJson = (run: Run, experimentKey: string, tags: readonly KeyValue[]): Json => ({
  run_id: runKey(run.id),
  run_uuid: runKey(run.id),
  experiment_id: experimentKey,
  run_name: run.name,
  user_id: tags.find(({ key }) => key === USER_TAG)?.value ?? '',
  status: run.status,
  start_time: run.startedAt.getTime(),
  end_time: run.endedAt?.getTime(),
  artifact_uri: runUri(experimentKey, run),
  lifecycle_stage: run.deletedAt ? 'deleted' : 'active',
});

/** By key, as they are stored; a parent that is no run of ours is still the tag that a client has set. */
function tagList(run: Run, stored: readonly KeyValue[]): readonly Json[] {
  const tags = new Map<string, string>(stored.map(({ key, value }) => [key, value]));
  for (const { key, value } of tagsOfSource(run.source)) tags.set(key, value);
  tags.set(NAME_TAG, run.name);
  if (run.parentRunId) tags.set(PARENT_TAG, runKey(run.parentRunId));
  return [...tags].map(([key, value]) => ({ key, value }));
}

const modelList = (models: readonly RunModel[], wanted: RunModelDirection): readonly Json[] | undefined =>
  listOrNothing(
    models
      .filter(({ direction }) => direction === wanted)
      .map(({ modelId, step }) => ({
        model_id: loggedModelKey(modelId),
        ...(wanted === 'OUTPUT' && { step }),
      })),
  );

/** What was measured on one dataset only is told beside the run, not as its own. */
const isOfRun = ({ datasetVersionId }: MetricSummary): boolean => datasetVersionId === null;

const metricJson = ({ key, last, lastStep, lastTimestamp }: MetricSummary): Json => ({
  key,
  value: last,
  timestamp: lastTimestamp.getTime(),
  step: lastStep,
});
