import { authorize } from '../../auth/auth';
import type { Datasets, DatasetVersion, DatasetVersionId } from '../../datasets/datasets';
import type { Actor } from '../../kernel/actor';
import type { Artifacts } from '../../kernel/artifacts/artifacts';
import type { Database } from '../../kernel/database/database';
import type { Run } from '../run';
import { TrackingQueries } from '../tracking.queries';
import type { UsedDataset } from './known-of-run';
import { reproduction, type Reproduction } from './reproduction';
import { codeOf, configFilesOf, environmentOf } from './known-setup';
import type { RunSetups } from './run-setups';

/** How runs are repeated: what is known of them, put in order. */
export class Reproductions {
  private readonly queries: TrackingQueries;

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly artifacts: Artifacts;
      readonly datasets: Datasets;
      readonly setups: RunSetups;
    },
  ) {
    this.queries = new TrackingQueries(needs.database);
  }

  async ofRuns(actor: Actor, runs: readonly Run[]): Promise<readonly Reproduction[]> {
    authorize(actor, 'platform:read');
    const { projectId } = actor;
    const ids = runs.map(({ id }) => id);
    const [setups, params, pins, versionIds] = await Promise.all([
      this.needs.setups.ofRuns(actor, ids),
      this.queries.params(projectId, ids, null),
      this.needs.setups.modelPins(actor, ids),
      this.queries.datasetVersionIds(projectId, ids),
    ]);
    const used = await this.usedDatasets(actor, [...new Set(versionIds.flat())]);
    return runs.map((run, index) => {
      const setup = setups[index];
      if (!setup) throw new Error('A run without a setup has one that says nothing.');
      return reproduction({
        run,
        code: codeOf(run, setup),
        environment: environmentOf(setup, []),
        configFiles: configFilesOf(setup),
        seeds: setup.seeds,
        params: params[index] ?? [],
        datasets: (versionIds[index] ?? []).flatMap((id) => used.get(id) ?? []),
        modelPins: pins[index] ?? [],
      });
    });
  }

  private async usedDatasets(
    actor: Actor,
    ids: readonly DatasetVersionId[],
  ): Promise<ReadonlyMap<DatasetVersionId, UsedDataset>> {
    const versions = (await this.needs.datasets.versionsByIds(actor, ids)).filter(isThere);
    const hashes = versions.flatMap(({ sha256 }) => sha256 ?? []);
    const found = (await this.needs.artifacts.findMany(actor.projectId, hashes)).filter(isThere);
    const sizeOf = new Map(found.map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
    return new Map(
      versions.map((version) => {
        const { sha256, ref: path } = version;
        const sizeBytes = sha256 === null ? undefined : sizeOf.get(sha256);
        const bytes = sha256 === null || sizeBytes === undefined ? null : { path, sha256, sizeBytes };
        return [version.id, { version, bytes }];
      }),
    );
  }
}

const isThere = <Value extends DatasetVersion | object>(value: Value | null): value is Value =>
  value !== null;
