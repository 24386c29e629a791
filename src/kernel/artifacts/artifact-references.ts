/**
 * Shortest time for which bytes stay that nothing refers to, in hours: who finds some must have the time to refer to
 * them.
 */
export const LEAST_GRACE_HOURS = 1;

/** What a feature's rows say of artifacts. Each feature tells its own, and they are joined in `compose.ts`. */
export interface ArtifactReferences {
  /** The table whose rows refer to artifacts. */
  readonly table: string;
  /**
   * A SELECT that gives rows where something of the project refers to these bytes: an index must answer it, since it is
   * asked for every artifact again and again.
   *
   * @param artifact name of a row with `project_id` and `sha256`
   */
  readonly sql: (artifact: string) => string;
}

/** For a table with a column `sha256`. @param condition of its row `x`, where not all of them count */
export const referencesOf = (table: string, condition = 'TRUE'): ArtifactReferences => ({
  table,
  sql: (artifact) =>
    `SELECT 1 FROM ${table} x WHERE x.sha256 = ${artifact}.sha256 AND x.project_id = ${artifact}.project_id AND ${condition}`,
});
