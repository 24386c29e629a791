import { ENTITIES } from '../../src/entities';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { newId, type ProjectId } from '../../src/kernel/ids';
import { InProcessBus } from '../../src/kernel/bus';
import { createLogger } from '../../src/kernel/logger';
import { MetricFolder } from '../../src/tracking/metrics/metric-folder';
import type { RunId } from '../../src/tracking/run';
import { TEST_ENGINE } from './template-database';
import { openTestDatabase } from './test-database';

/** A database with a project, for what lies below the API. */
export interface MetricDatabase {
  readonly database: Database;
  readonly projectId: ProjectId;
  /** One that folds what is asked for, and nothing by itself. */
  readonly folder: MetricFolder;
  /** A run that is running, in an experiment of its own. */
  newRun(): Promise<RunId>;
  stop(): Promise<void>;
}

export async function openMetricDatabase(): Promise<MetricDatabase> {
  const { connection, stop } = await openTestDatabase();
  const dataSource = createDataSource({ connection, entities: ENTITIES, migrations: [] });
  const database = new Database(dataSource, TEST_ENGINE);
  await database.open();
  const projectId = newId<'project'>() as ProjectId;
  await database.query("INSERT INTO project (id, name) VALUES ($1, 'metrics')", [projectId]);
  const compactor = { notice: () => undefined };
  return {
    database,
    projectId,
    folder: new MetricFolder({
      database,
      bus: new InProcessBus(),
      compactor,
      logger: createLogger('silent'),
    }),
    newRun: async () => {
      const [experimentId, runId] = [newId(), newId()];
      await database.query('INSERT INTO experiment (id, project_id, name) VALUES ($1, $2, $3)', [
        ...[experimentId, projectId, experimentId],
      ]);
      await database.query(
        `INSERT INTO run (id, project_id, experiment_id, name, status, started_at)
         VALUES ($1, $2, $3, 'r', 'RUNNING', now())`,
        [runId, projectId, experimentId],
      );
      return runId as unknown as RunId;
    },
    stop: async () => {
      await database.stop();
      await stop();
    },
  };
}
