import { referencesOf, type ArtifactReferences } from '../kernel/artifacts/artifact-references';

/** Deleted versions never come back, and nothing leads to them. */
const IS_THERE = 'x.deleted_at IS NULL';

/** A version of many files has its list of them for an artifact, and keeps each of the files. */
const FILES: ArtifactReferences = {
  table: 'model_version',
  sql: (artifact) => `SELECT 1 FROM model_version x
    WHERE x.files @> jsonb_build_array(jsonb_build_object('sha256', ${artifact}.sha256))
      AND x.project_id = ${artifact}.project_id AND ${IS_THERE}`,
};

/** The artifacts that model versions keep. */
export const REGISTRY_REFERENCES = [referencesOf('model_version', IS_THERE), FILES];
