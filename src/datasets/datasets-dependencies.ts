import type { Artifacts } from '../kernel/artifacts/artifacts';
import type { Clock } from '../kernel/clock';
import type { Database } from '../kernel/database/database';
import type { Outbox } from '../kernel/outbox';
import type { RemoteFiles } from '../kernel/artifacts/remote-files';
import type { DataReader } from './data-reader';

export interface DatasetsDependencies {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly artifacts: Artifacts;
  readonly reader: DataReader;
  /** Where data may lie and still be read. */
  readonly sources: RemoteFiles;
  readonly clock: Clock;
}
