import type { DatasetVersionId } from '../../datasets/datasets';
import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';
import { listsByOwner } from '../grouped-rows';
import type { ExperimentId, RunId, RunInput } from '../run';

/** A dataset that runs of an experiment have read. */
export interface ReadDataset extends Pick<RunInput, 'name' | 'digest' | 'context'> {
  readonly experimentId: ExperimentId;
}

/** Data as its client calls it: MLflow's clients know it by both. */
export interface NamedData {
  readonly name: string;
  readonly digest: string;
}

const NAME = 'coalesce(x.name, d.name)';
/** Who gave bytes gave no digest of their own: as much of the bytes' as MLflow's clients take. */
const DIGEST = "coalesce(x.digest, left(v.sha256, 36), '')";
const VERSIONS = `JOIN dataset_version v ON v.id = x.dataset_version_id JOIN dataset d ON d.id = v.dataset_id`;

/** Reads of what runs read. */
export class RunInputQueries {
  constructor(private readonly sql: SqlRunner) {}

  async ofRuns(projectId: ProjectId, runIds: readonly RunId[]): Promise<(readonly RunInput[])[]> {
    const rows = await this.sql.query<RunInput & { readonly owner: RunId }>(
      `/* tracking.inputs */ SELECT x.run_id AS owner, ${NAME} AS name, ${DIGEST} AS digest, x.context, x.tags,
         coalesce(x.source_type, 'dataset') AS "sourceType",
         coalesce(x.source, v.uri, d.name || '@' || v.number) AS source, x.schema, x.profile
       FROM run_dataset x ${VERSIONS}
       WHERE x.project_id = $1 AND x.run_id = ANY($2) ORDER BY ${NAME} COLLATE "C", v.number`,
      [projectId, runIds],
      { prepareAs: 'tracking.inputs' },
    );
    return listsByOwner(runIds, rows);
  }

  /** Of each the newest version that the run has read under that name and digest. Null where it has not. */
  async versionsNamed(
    projectId: ProjectId,
    runId: RunId,
    named: readonly NamedData[],
  ): Promise<(DatasetVersionId | null)[]> {
    const rows = await this.sql.query<{ readonly place: string; readonly id: DatasetVersionId }>(
      `/* tracking.inputsNamed */ SELECT wanted.place, v.id
       FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS wanted (name, digest, place)
       JOIN run_dataset x ON x.project_id = $1 AND x.run_id = $2 ${VERSIONS}
       WHERE ${NAME} = wanted.name AND ${DIGEST} = wanted.digest ORDER BY v.id`,
      [projectId, runId, named.map(({ name }) => name), named.map(({ digest }) => digest)],
    );
    const found = new Map(rows.map(({ place, id }) => [Number(place) - 1, id]));
    return named.map((_, index) => found.get(index) ?? null);
  }

  /** What runs of these experiments have read, each dataset once for each context. */
  async ofExperiments(
    projectId: ProjectId,
    experimentIds: readonly ExperimentId[],
    limit: number,
  ): Promise<readonly ReadDataset[]> {
    return this.sql.query<ReadDataset>(
      `/* tracking.readDatasets */
       SELECT DISTINCT r.experiment_id AS "experimentId", ${NAME} AS name, ${DIGEST} AS digest, x.context
       FROM run_dataset x ${VERSIONS} JOIN run r ON r.id = x.run_id
       WHERE r.project_id = $1 AND r.experiment_id = ANY($2) AND r.deleted_at IS NULL LIMIT $3`,
      [projectId, experimentIds, limit],
    );
  }
}
