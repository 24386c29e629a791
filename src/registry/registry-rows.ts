import { doubleFromJson, doubleToJson, type JsonDouble } from '../kernel/tensors/double';
import type { Alias } from './aliases/alias';
import type { GateResult } from './promotion/gates';
import type { ModelVersion } from './versions/model-version';
import { versionText } from './versions/version-number';

/** The columns of a model, as `m`. */
export const MODEL_COLUMNS = `m.id, m.project_id AS "projectId", m.name, m.description, m.optimizing, m.limits,
  m.tags, m.created_at AS "createdAt", m.updated_at AS "updatedAt", m.deleted_at AS "deletedAt"`;

/** The columns of a version, as `v`, of the model `m`. */
export const VERSION_COLUMNS = `v.id, v.project_id AS "projectId", v.model_id AS "modelId", m.name AS "modelName",
  v.ordinal, v.major, v.minor, v.pipeline, v.sha256, v.size_bytes AS "sizeBytes", v.signature, v.reason,
  v.run_id AS "runId", v.source, v.description, v.format, v.origin, v.tags, v.stage, v.created_at AS "createdAt",
  v.updated_at AS "updatedAt", v.deleted_at AS "deletedAt"`;

/** The columns of an alias, as `a`. */
export const ALIAS_COLUMNS = 'a.id, a.model_id AS "modelId", a.name, a.version_id AS "versionId", a.revision';

export interface VersionRow extends Omit<ModelVersion, 'ref' | 'number' | 'sizeBytes'> {
  readonly major: number;
  readonly minor: number;
  readonly pipeline: number;
  readonly sizeBytes: string;
}

export type AliasRow = Alias;

export function versionOf(row: VersionRow): ModelVersion {
  const { major, minor, pipeline, sizeBytes, ...rest } = row;
  const number = versionText({ major, minor, pipeline });
  return { ...rest, number, ref: `${row.modelName}@${number}`, sizeBytes: Number(sizeBytes) };
}

/** JSON has no infinity: a gate's numbers are written as our doubles. */
export interface StoredGate extends Omit<GateResult, 'actual'> {
  readonly actual: JsonDouble | null;
}

export const storedGate = (gate: GateResult): StoredGate => ({
  ...gate,
  actual: gate.actual === null ? null : doubleToJson(gate.actual),
});

export const gateOf = (stored: StoredGate): GateResult => ({
  ...stored,
  actual: stored.actual === null ? null : doubleFromJson(stored.actual),
});

/** Gives each key its row, and null where there is none. */
export function byKey<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): (Row | null)[] {
  const found = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => found.get(key) ?? null);
}

/** Gives each key its rows, in their order. */
export function groupedBy<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): Row[][] {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return keys.map((key) => groups.get(key) ?? []);
}
