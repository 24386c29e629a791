import type { Sha256 } from '../kernel/artifacts/artifact';
import { newId, type ProjectId } from '../kernel/ids';
import { isStorable, type Transaction } from '../kernel/database/sql';
import type { Alias, AliasId, MoveKind } from './aliases/alias';
import { AliasMoveEntity } from './aliases/alias-move.entity';
import type { GateResult } from './promotion/gates';
import type { Model, ModelId, ModelPolicy } from './models/model';
import type { ModelVersion, ModelVersionId, VersionFile, VersionMetric } from './versions/model-version';
import { ModelVersionDatasetEntity } from './versions/model-version-dataset.entity';
import { ModelVersionEntity } from './versions/model-version.entity';
import type { VersionRegistered } from './registry.events';
import { ALIAS_COLUMNS, MODEL_COLUMNS, storedGate, VERSION_COLUMNS, versionOf } from './registry-rows';
import type { AliasRow, VersionRow } from './registry-rows';
import type { MoveLink } from './aliases/rollback';
import type { VersionNumber } from './versions/version-number';

/** A version that is about to be written. */
export interface NewVersion extends Omit<
  ModelVersion,
  'ref' | 'number' | 'modelName' | 'stage' | 'createdAt' | 'updatedAt' | 'deletedAt'
> {
  readonly number: VersionNumber;
  readonly files: readonly VersionFile[] | null;
}

export interface NewMove {
  readonly kind: MoveKind;
  readonly fromVersionId: ModelVersionId | null;
  readonly reason: string | null;
  readonly actorName: string;
  readonly gates: readonly GateResult[];
}

export interface AliasLink extends MoveLink {
  readonly versionId: ModelVersionId;
}

/** Writes, and the reads under a lock that they rest on. */
export class RegistryStore {
  /** Makes the model where there is none, and locks its row: numbers are given out one at a time. */
  async lockModel(
    tx: Transaction,
    projectId: ProjectId,
    name: string,
  ): Promise<{ model: Model; created: boolean }> {
    const known = await this.holdModel(tx, projectId, name);
    if (known) return { model: known, created: false };
    await lockModelName(tx, projectId, name);
    const made = await tx.query(
      `/* registry.addModel */ INSERT INTO model (id, project_id, name) VALUES ($1, $2, $3)
       ON CONFLICT (project_id, name) WHERE deleted_at IS NULL DO NOTHING RETURNING id`,
      [newId(), projectId, name],
    );
    const model = await this.holdModel(tx, projectId, name);
    // Somebody deleted the one that was there while we waited for it: the name is free again.
    return model ? { model, created: made.length > 0 } : this.lockModel(tx, projectId, name);
  }

  /** The model's row, which nobody else changes before this transaction ends; null where there is none. */
  async holdModel(tx: Transaction, projectId: ProjectId, name: string): Promise<Model | null> {
    if (!isStorable(name)) return null;
    const [model] = await tx.query<Model>(
      `/* registry.holdModel */ SELECT ${MODEL_COLUMNS} FROM model m
       WHERE m.project_id = $1 AND m.name = $2 AND m.deleted_at IS NULL FOR UPDATE`,
      [projectId, name],
    );
    return model ?? null;
  }

  async declarePolicy(
    tx: Transaction,
    modelId: ModelId,
    policy: ModelPolicy,
    description: string | null,
  ): Promise<Model> {
    const [model] = await tx.query<Model>(
      `/* registry.declarePolicy */ UPDATE model m
       SET optimizing = $2::jsonb, limits = $3::jsonb, description = coalesce($4, m.description)
       WHERE m.id = $1 RETURNING ${MODEL_COLUMNS}`,
      [modelId, JSON.stringify(policy.optimizing), JSON.stringify(policy.limits), description],
    );
    if (!model) throw new Error('The model is locked, so it is there.');
    return model;
  }

  /** The newest version of the highest MAJOR, and the highest ordinal of all. */
  async newest(tx: Transaction, modelId: ModelId): Promise<{ row: VersionRow | null; lastOrdinal: number }> {
    const [row] = await tx.query<VersionRow & { lastOrdinal: number }>(
      `/* registry.newest */ SELECT ${VERSION_COLUMNS},
         (SELECT max(ordinal) FROM model_version WHERE model_id = $1) AS "lastOrdinal"
       FROM model_version v JOIN model m ON m.id = v.model_id WHERE v.model_id = $1
       ORDER BY v.major DESC, v.minor DESC, v.pipeline DESC LIMIT 1`,
      [modelId],
    );
    return { row: row ?? null, lastOrdinal: row?.lastOrdinal ?? 0 };
  }

  /** The best value of a metric among a MAJOR's versions, on each of these datasets; NaN is left out. */
  async bestScores(
    tx: Transaction,
    wanted: {
      modelId: ModelId;
      major: number;
      key: string;
      direction: 'MAXIMIZE' | 'MINIMIZE';
      datasetVersionIds: readonly string[];
    },
  ): Promise<readonly { dataset: string; value: number; number: VersionNumber }[]> {
    const order = wanted.direction === 'MINIMIZE' ? 'ASC' : 'DESC';
    const rows = await tx.query<{ dataset: string; value: number } & VersionNumber>(
      `/* registry.bestScores */ SELECT DISTINCT ON (s.dataset_version_id)
         s.dataset_ref AS dataset, s.value, v.major, v.minor, v.pipeline
       FROM model_version_metric s JOIN model_version v ON v.id = s.version_id
       WHERE v.model_id = $1 AND v.major = $2 AND s.key = $3 AND s.dataset_version_id = ANY($4) AND s.value <> 'NaN'
       ORDER BY s.dataset_version_id, s.value ${order}, v.ordinal`,
      [wanted.modelId, wanted.major, wanted.key, wanted.datasetVersionIds],
    );
    return rows.map(({ dataset, value, major, minor, pipeline }) => ({
      dataset,
      value,
      number: { major, minor, pipeline },
    }));
  }

  async addVersion(
    tx: Transaction,
    { number, sizeBytes, ...version }: NewVersion,
    metrics: readonly VersionMetric[],
    datasets: VersionRegistered['datasetVersionIds'],
  ): Promise<ModelVersion> {
    const { id: versionId, projectId, modelId } = version;
    await tx.insert('registry.addVersion', ModelVersionEntity, {
      ...version,
      ...number,
      sizeBytes: String(sizeBytes),
    });
    await this.addMetrics(tx, version, metrics);
    await tx.query('/* registry.touchModel */ UPDATE model SET updated_at = now() WHERE id = $1', [modelId]);
    const datasetRows = datasets.map(({ id, role }) => ({
      versionId,
      projectId,
      datasetVersionId: id,
      role,
    }));
    await tx.insert('registry.addVersionDatasets', ModelVersionDatasetEntity, datasetRows);
    return this.version(tx, versionId);
  }

  /** Values travel as text: the driver would write -0 as 0. */
  private async addMetrics(
    tx: Transaction,
    { id, projectId }: Pick<NewVersion, 'id' | 'projectId'>,
    metrics: readonly VersionMetric[],
  ): Promise<void> {
    await tx.query(
      `/* registry.addMetrics */ INSERT INTO model_version_metric
         (version_id, project_id, key, value, dataset_version_id, dataset_ref, position)
       SELECT $1, $2, m.* FROM unnest($3::text[], $4::float8[], $5::uuid[], $6::text[])
         WITH ORDINALITY AS m (key, value, dataset_version_id, dataset_ref, position)`,
      [
        id,
        projectId,
        metrics.map(({ key }) => key),
        metrics.map(({ value }) => (Object.is(value, -0) ? '-0' : String(value))),
        metrics.map(({ datasetVersionId }) => datasetVersionId),
        metrics.map(({ datasetRef }) => datasetRef),
      ],
    );
  }

  /** Holds the model's row against deletion and renaming; false where it has been deleted. */
  async shareModel(tx: Transaction, id: ModelId): Promise<boolean> {
    const rows = await tx.query(
      '/* registry.shareModel */ SELECT id FROM model WHERE id = $1 AND deleted_at IS NULL FOR SHARE',
      [id],
    );
    return rows.length > 0;
  }

  async version(tx: Transaction, id: ModelVersionId): Promise<ModelVersion> {
    const [row] = await tx.query<VersionRow>(
      `/* registry.version */ SELECT ${VERSION_COLUMNS} FROM model_version v JOIN model m ON m.id = v.model_id WHERE v.id = $1`,
      [id],
    );
    if (!row) throw new Error('The row of a version stays, also when it is deleted.');
    return versionOf(row);
  }

  async versionByBytes(tx: Transaction, modelId: ModelId, sha256: Sha256): Promise<ModelVersion | null> {
    const [row] = await tx.query<VersionRow>(
      `/* registry.knownBytes */ SELECT ${VERSION_COLUMNS} FROM model_version v JOIN model m ON m.id = v.model_id
       WHERE v.model_id = $1 AND v.sha256 = $2 AND v.deleted_at IS NULL ORDER BY v.ordinal DESC LIMIT 1`,
      [modelId, sha256],
    );
    return row ? versionOf(row) : null;
  }

  /** Locks the alias's row; null where there is none. */
  async lockAlias(tx: Transaction, modelId: ModelId, name: string): Promise<Alias | null> {
    if (!isStorable(name)) return null;
    const [alias] = await tx.query<AliasRow>(
      `/* registry.lockAlias */ SELECT ${ALIAS_COLUMNS} FROM model_alias a
       WHERE a.model_id = $1 AND a.name = $2 AND a.removed_at IS NULL FOR UPDATE`,
      [modelId, name],
    );
    return alias ?? null;
  }

  /** Makes it, or brings back the one that was taken away. Null where somebody else did so first. */
  async addAlias(
    tx: Transaction,
    alias: Omit<Alias, 'id' | 'revision'> & { projectId: ProjectId },
  ): Promise<Alias | null> {
    const [made] = await tx.query<AliasRow>(
      `/* registry.addAlias */ INSERT INTO model_alias AS a (id, project_id, model_id, name, version_id, revision)
       VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (model_id, name) DO UPDATE
         SET version_id = excluded.version_id, revision = a.revision + 1, removed_at = NULL
         WHERE a.removed_at IS NOT NULL
       RETURNING ${ALIAS_COLUMNS}`,
      [newId(), alias.projectId, alias.modelId, alias.name, alias.versionId],
    );
    return made ?? null;
  }

  async countAliases(tx: Transaction, modelId: ModelId): Promise<number> {
    const [row] = await tx.query<{ count: string }>(
      '/* registry.countAliases */ SELECT count(*) AS count FROM model_alias WHERE model_id = $1 AND removed_at IS NULL',
      [modelId],
    );
    return Number(row?.count);
  }

  /** Compare-and-set: moves the alias only from the revision it was read at. */
  async moveAlias(tx: Transaction, alias: Alias, versionId: ModelVersionId): Promise<Alias> {
    const [moved] = await tx.query<AliasRow>(
      `/* registry.moveAlias */ UPDATE model_alias a SET version_id = $3, revision = a.revision + 1
       WHERE a.id = $1 AND a.revision = $2 RETURNING ${ALIAS_COLUMNS}`,
      [alias.id, alias.revision, versionId],
    );
    if (!moved) throw new Error('The alias is locked, so its revision cannot have changed.');
    return moved;
  }

  async link(tx: Transaction, aliasId: AliasId, revision: number): Promise<AliasLink> {
    const [link] = await tx.query<AliasLink>(
      `/* registry.link */ SELECT revision, version_id AS "versionId", returns_to AS "returnsTo"
       FROM alias_move WHERE alias_id = $1 AND revision = $2`,
      [aliasId, revision],
    );
    if (!link) throw new Error('Every revision of an alias has its move.');
    return link;
  }

  async addMove(
    tx: Transaction,
    projectId: ProjectId,
    aliasId: AliasId,
    link: AliasLink,
    move: NewMove,
  ): Promise<void> {
    const gates = move.gates.map(storedGate);
    await tx.insert('registry.addMove', AliasMoveEntity, { projectId, aliasId, ...link, ...move, gates });
  }
}

/** Nobody else gives a model this name before the transaction ends. */
export async function lockModelName(tx: Transaction, projectId: ProjectId, name: string): Promise<void> {
  await tx.query('/* registry.lockModelName */ SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `model ${projectId} ${name}`,
  ]);
}
