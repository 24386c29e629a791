import type { Bus } from '../../kernel/bus';
import type { Clock } from '../../kernel/clock';
import type { Database } from '../../kernel/database/database';
import type { Outbox } from '../../kernel/outbox';
import type { RunUsers } from './run-users';

export interface RunDeletionNeeds {
  readonly database: Database;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly users: RunUsers;
}
