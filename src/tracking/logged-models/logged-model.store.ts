import type { Sha256 } from '../../kernel/artifacts/artifact';
import { doubleToJson } from '../../kernel/tensors/double';
import type { ProjectId } from '../../kernel/ids';
import type { Transaction } from '../../kernel/database/sql';
import type { LoggedModel, LoggedModelId, LoggedModelStatus, RunModel } from '../logged-model';
import { LoggedModelEntity } from './logged-model.entity';
import type { MeasuredMetric } from '../metrics/measured-points';
import { LOGGED_MODEL } from './logged-model.queries';
import type { KeyValue, Run } from '../run';

/** Writes logged models. Whoever changes one holds its row first. */
export class LoggedModelStore {
  async add(tx: Transaction, model: LoggedModel): Promise<void> {
    await tx.insert('tracking.addLoggedModel', LoggedModelEntity, model);
  }

  /** The model, which nobody else changes before this transaction ends. Null where there is none, or it is deleted. */
  async hold(tx: Transaction, projectId: ProjectId, id: LoggedModelId): Promise<LoggedModel | null> {
    const [model] = await tx.query<LoggedModel>(
      `/* tracking.holdLoggedModel */ SELECT ${LOGGED_MODEL} FROM logged_model m
       WHERE m.id = $1 AND m.project_id = $2 AND m.deleted_at IS NULL FOR NO KEY UPDATE`,
      [id, projectId],
    );
    return model ?? null;
  }

  async update(
    tx: Transaction,
    { id }: LoggedModel,
    { status, now }: { readonly status: LoggedModelStatus; readonly now: Date },
  ): Promise<LoggedModel> {
    const [model] = await tx.query<LoggedModel>(
      `/* tracking.updateLoggedModel */ UPDATE logged_model AS m SET status = $2, updated_at = $3
       WHERE m.id = $1 RETURNING ${LOGGED_MODEL}`,
      [id, status, now],
    );
    return model as LoggedModel;
  }

  async delete(tx: Transaction, { id }: LoggedModel, now: Date): Promise<void> {
    await tx.query('/* tracking.deleteLoggedModel */ UPDATE logged_model SET deleted_at = $2 WHERE id = $1', [
      id,
      now,
    ]);
  }

  /** Keeps what is not there yet, and gives the values that these keys have now. */
  async addParams(
    tx: Transaction,
    { id, projectId }: LoggedModel,
    params: readonly KeyValue[],
  ): Promise<readonly KeyValue[]> {
    const keys = params.map(({ key }) => key);
    await tx.query(
      `/* tracking.addLoggedModelParams */ INSERT INTO logged_model_param (logged_model_id, project_id, key, value)
       SELECT $1::uuid, $2::uuid, param.key, param.value FROM unnest($3::text[], $4::text[]) AS param (key, value)
       ON CONFLICT (logged_model_id, key) DO NOTHING`,
      [id, projectId, keys, params.map(({ value }) => value)],
    );
    return tx.query<KeyValue>(
      `/* tracking.storedLoggedModelParams */ SELECT key, value FROM logged_model_param
       WHERE logged_model_id = $1 AND key = ANY($2)`,
      [id, keys],
    );
  }

  async putTags(tx: Transaction, { id, projectId }: LoggedModel, tags: readonly KeyValue[]): Promise<void> {
    await tx.query(
      `/* tracking.putLoggedModelTags */ INSERT INTO logged_model_tag (logged_model_id, project_id, key, value)
       SELECT $1::uuid, $2::uuid, tag.key, tag.value FROM unnest($3::text[], $4::text[]) AS tag (key, value)
       ON CONFLICT (logged_model_id, key) DO UPDATE SET value = excluded.value`,
      [id, projectId, tags.map(({ key }) => key), tags.map(({ value }) => value)],
    );
  }

  async removeTags(tx: Transaction, { id }: LoggedModel, keys: readonly string[]): Promise<void> {
    await tx.query(
      '/* tracking.removeLoggedModelTags */ DELETE FROM logged_model_tag WHERE logged_model_id = $1 AND key = ANY($2)',
      [id, keys],
    );
  }

  async putArtifact(
    tx: Transaction,
    { id, projectId }: LoggedModel,
    path: string,
    sha256: Sha256,
  ): Promise<void> {
    await tx.query(
      `/* tracking.putLoggedModelArtifact */
       INSERT INTO logged_model_artifact (logged_model_id, project_id, path, sha256) VALUES ($1, $2, $3, $4)
       ON CONFLICT (logged_model_id, path) DO UPDATE SET sha256 = excluded.sha256, created_at = now()`,
      [id, projectId, path, sha256],
    );
  }

  /** The files at that path and, as if it were a folder, below it. */
  async removeArtifacts(tx: Transaction, { id }: LoggedModel, path: string): Promise<void> {
    await tx.query(
      `/* tracking.removeLoggedModelArtifacts */ DELETE FROM logged_model_artifact
       WHERE logged_model_id = $1 AND (path = $2 OR left(path, length($2) + 1) = $2 || '/')`,
      [id, path],
    );
  }

  /** Says that the run has made or used these models; what is said again stays as it was. */
  async link(tx: Transaction, run: Run, models: readonly RunModel[]): Promise<void> {
    await tx.query(
      `/* tracking.linkLoggedModels */ INSERT INTO run_model (run_id, project_id, logged_model_id, direction, step)
       SELECT $1::uuid, $2::uuid, one.* FROM unnest($3::uuid[], $4::text[], $5::bigint[]) AS one
       ON CONFLICT (run_id, logged_model_id, direction) DO NOTHING`,
      [
        run.id,
        run.projectId,
        models.map(({ modelId }) => modelId),
        models.map(({ direction }) => direction),
        models.map(({ step }) => String(step)),
      ],
    );
  }

  /** The ids among these that are models of the project, and not deleted. */
  async known(
    tx: Transaction,
    projectId: ProjectId,
    ids: readonly LoggedModelId[],
  ): Promise<ReadonlySet<LoggedModelId>> {
    const rows = await tx.query<{ id: LoggedModelId }>(
      `/* tracking.knownLoggedModels */ SELECT id FROM logged_model
       WHERE project_id = $1 AND id = ANY($2) AND deleted_at IS NULL`,
      [projectId, ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Keeps the latest by step, then by time, then by arrival. @param metrics in order of arrival; of one series at most
   * one
   */
  async putMetrics(tx: Transaction, run: Run, metrics: readonly MeasuredMetric[]): Promise<void> {
    await tx.query(
      `/* tracking.putLoggedModelMetrics */
       INSERT INTO logged_model_metric AS m (run_id, project_id, logged_model_id, key, dataset_name, dataset_digest, value, step, timestamp_ms)
       SELECT $1::uuid, $2::uuid, one.* FROM
         unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::bigint[], $9::bigint[]) AS one
       ON CONFLICT (logged_model_id, run_id, key, dataset_name, dataset_digest) DO UPDATE
         SET value = excluded.value, step = excluded.step, timestamp_ms = excluded.timestamp_ms
         WHERE (excluded.step, excluded.timestamp_ms) >= (m.step, m.timestamp_ms)`,
      [
        run.id,
        run.projectId,
        metrics.map(({ modelId }) => modelId),
        metrics.map(({ key }) => key),
        metrics.map(({ datasetName }) => datasetName ?? ''),
        metrics.map(({ datasetDigest }) => datasetDigest ?? ''),
        metrics.map(({ value }) => String(doubleToJson(value))),
        metrics.map(({ step }) => String(step)),
        metrics.map(({ timestamp }) => String(timestamp.getTime())),
      ],
    );
  }
}
