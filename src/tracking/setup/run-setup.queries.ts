import type { Sha256 } from '../../kernel/artifacts/artifact';
import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';
import { listsByOwner } from '../grouped-rows';
import type { KeyValue, RunArtifact, RunId } from '../run';
import {
  NOTHING_TOLD,
  type CodeDetail,
  type EnvironmentFacts,
  type FileRole,
  type RunSetup,
} from './run-setup';

interface SetupRow {
  readonly runId: RunId;
  readonly code: Partial<CodeDetail>;
  readonly environment: Partial<EnvironmentFacts> & { readonly variables?: readonly KeyValue[] };
  readonly seeds: Readonly<Record<string, string>>;
}

/** Reads of what runs were made with; inside a transaction, over its handle. */
export class RunSetupQueries {
  constructor(private readonly sql: SqlRunner) {}

  /** In the order of `runIds`; nothing told where there is nothing. */
  async ofRuns(projectId: ProjectId, runIds: readonly RunId[]): Promise<readonly RunSetup[]> {
    const rows = await this.sql.query<SetupRow>(
      `/* tracking.setups */ SELECT run_id AS "runId", code, environment, seeds FROM run_setup
       WHERE project_id = $1 AND run_id = ANY($2)`,
      [projectId, runIds],
    );
    const files = await this.filesOf(projectId, runIds);
    const rowOf = new Map(rows.map((row) => [row.runId, row]));
    return runIds.map((id, index) => setupOf(rowOf.get(id), files[index] ?? []));
  }

  /** The files that pin what logged models need, of the models that these runs made. */
  async modelFiles(
    projectId: ProjectId,
    runIds: readonly RunId[],
    names: readonly string[],
  ): Promise<(readonly RunArtifact[])[]> {
    const rows = await this.sql.query<FileRow>(
      `/* tracking.setupFilesOfModels */
       SELECT m.source_run_id AS owner, f.path, f.sha256, a.size_bytes AS "sizeBytes"
       FROM logged_model m JOIN logged_model_artifact f ON f.logged_model_id = m.id
         JOIN artifact a ON a.project_id = f.project_id AND a.sha256 = f.sha256
       WHERE m.project_id = $1 AND m.source_run_id = ANY($2) AND m.deleted_at IS NULL AND f.path = ANY($3)
       ORDER BY m.id, f.path COLLATE "C"`,
      [projectId, runIds, names],
    );
    return listsByOwner(runIds, rows.map(withSize));
  }

  private async filesOf(projectId: ProjectId, runIds: readonly RunId[]) {
    const rows = await this.sql.query<FileRow & { readonly role: FileRole }>(
      `/* tracking.setupFiles */
       SELECT f.run_id AS owner, f.role, f.path, f.sha256, a.size_bytes AS "sizeBytes"
       FROM run_setup_file f JOIN artifact a ON a.project_id = f.project_id AND a.sha256 = f.sha256
       WHERE f.project_id = $1 AND f.run_id = ANY($2) ORDER BY f.role, f.path COLLATE "C"`,
      [projectId, runIds],
    );
    return listsByOwner(runIds, rows.map(withSize));
  }
}

interface FileRow {
  readonly owner: RunId;
  readonly path: string;
  readonly sha256: Sha256;
  readonly sizeBytes: string;
}

const withSize = <Row extends FileRow>(row: Row) => ({ ...row, sizeBytes: Number(row.sizeBytes) });

function setupOf(row: SetupRow | undefined, files: RunSetup['files']): RunSetup {
  if (!row) return { ...NOTHING_TOLD, files };
  const { variables = [], ...environment } = row.environment;
  return {
    code: { ...NOTHING_TOLD.code, ...row.code },
    environment: { ...NOTHING_TOLD.environment, ...environment },
    variables: variables.toSorted(byText(({ key }) => key)),
    seeds: Object.entries(row.seeds)
      .map(([name, value]) => ({ name, value: BigInt(value) }))
      .sort(byText(({ name }) => name)),
    files,
  };
}

const byText =
  <Entry>(text: (entry: Entry) => string) =>
  (a: Entry, b: Entry): number =>
    text(a) < text(b) ? -1 : 1;
