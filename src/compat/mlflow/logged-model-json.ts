import type { Actor } from '../../kernel/actor';
import type { LoggedModel, LoggedModelMetric, LoggedModelStatus, Tracking } from '../../tracking/tracking';
import { listOrNothing, type Json } from './answer-json';
import type { ExperimentIds } from './experiment-ids';
import { loggedModelKey } from './logged-model-key';
import { runKey } from './run-json';

/** The words that clients send and read. */
const STATUS_WORDS = {
  PENDING: 'LOGGED_MODEL_PENDING',
  READY: 'LOGGED_MODEL_READY',
  FAILED: 'LOGGED_MODEL_UPLOAD_FAILED',
} as const satisfies Record<LoggedModelStatus, string>;

export function statusOf(word: string): LoggedModelStatus | null {
  const statuses = Object.keys(STATUS_WORDS) as LoggedModelStatus[];
  return statuses.find((status) => STATUS_WORDS[status] === word) ?? null;
}

/** Where the files of a logged model are, as clients are told. */
export const loggedModelUri = (experimentKey: string, model: LoggedModel): string =>
  `mlflow-artifacts:/${experimentKey}/models/${loggedModelKey(model.id)}/artifacts`;

/** Logged models as MLflow's answers have them, in a handful of statements, however many they are. */
export async function loggedModelsJson(
  tracking: Tracking,
  experimentIds: ExperimentIds,
  actor: Actor,
  models: readonly LoggedModel[],
): Promise<readonly Json[]> {
  const ids = models.map(({ id }) => id);
  const [keys, params, tags, metrics] = await Promise.all([
    experimentIds.keysOf(
      actor,
      models.map(({ experimentId }) => experimentId),
    ),
    tracking.loggedModels.paramsByIds(actor, ids),
    tracking.loggedModels.tagsByIds(actor, ids),
    tracking.loggedModels.metricsByIds(actor, ids),
  ]);
  return models.map((model, index) => {
    const experimentKey = keys.get(model.experimentId) ?? '';
    const key = loggedModelKey(model.id);
    return {
      info: {
        model_id: key,
        experiment_id: experimentKey,
        name: model.name,
        creation_timestamp_ms: model.createdAt.getTime(),
        last_updated_timestamp_ms: model.updatedAt.getTime(),
        artifact_uri: loggedModelUri(experimentKey, model),
        status: STATUS_WORDS[model.status],
        model_type: model.modelType ?? '',
        source_run_id: model.sourceRunId === null ? '' : runKey(model.sourceRunId),
        tags: listOrNothing((tags[index] ?? []).map(({ key: tag, value }) => ({ key: tag, value }))),
      },
      data: {
        params: listOrNothing((params[index] ?? []).map(({ key: param, value }) => ({ key: param, value }))),
        metrics: listOrNothing((metrics[index] ?? []).map((metric) => metricJson(key, metric))),
      },
    };
  });
}

const metricJson = (modelKey: string, metric: LoggedModelMetric): Json => ({
  key: metric.key,
  value: metric.value,
  timestamp: metric.timestamp.getTime(),
  step: metric.step,
  dataset_name: metric.datasetName ?? undefined,
  dataset_digest: metric.datasetDigest ?? undefined,
  model_id: modelKey,
  run_id: runKey(metric.runId),
});
