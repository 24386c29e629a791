import type { Datasets, DatasetVersion, DatasetVersionId } from '../../datasets/datasets';
import type { Actor } from '../../kernel/actor';
import type { SqlRunner } from '../../kernel/database/sql';
import { datasetNameOf } from './described-dataset';
import type { RunId } from '../run';
import { RunInputQueries, type NamedData } from './run-input.queries';

/** Finds the versions of data that clients call by a name and a digest, as MLflow's do. */
export class NamedVersions {
  private readonly inputs: RunInputQueries;

  constructor(
    private readonly needs: {
      readonly database: SqlRunner;
      readonly datasets: Pick<Datasets, 'versionsByDigests'>;
    },
  ) {
    this.inputs = new RunInputQueries(needs.database);
  }

  /** Of each: what the run has read under that name, else what the project has. Null where it is not known. */
  async versionIds(
    actor: Actor,
    runId: RunId,
    named: readonly NamedData[],
  ): Promise<readonly (DatasetVersionId | null)[]> {
    if (named.length === 0) return [];
    const read = await this.inputs.versionsNamed(actor.projectId, runId, named);
    const unread = named.filter((_, index) => !read[index]);
    if (unread.length === 0) return read;
    const wanted = unread.map(({ name, digest }) => ({ name: datasetNameOf(name), digest }));
    const found = (await this.needs.datasets.versionsByDigests(actor, wanted)).values();
    return read.map((id) => id ?? (found.next().value as DatasetVersion | null)?.id ?? null);
  }
}
