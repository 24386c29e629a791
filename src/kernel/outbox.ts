import type { Bus } from './bus';
import { newId, type ProjectId } from './ids';
import type { Transaction } from './database/sql';

/** Something that happened, told in the same transaction as the change itself. */
export interface DomainEvent<Type extends string = string, Payload extends object = object> {
  readonly type: Type;
  /** What it happened to, for example `model:<id>`: its readers are woken. */
  readonly topic: string;
  readonly projectId: ProjectId;
  readonly payload: Payload;
}

/** What must be written with the event or not at all: lineage edges, the audit trail. */
export type EventHandler = (tx: Transaction, event: DomainEvent) => Promise<void>;

/** The way up: a lower feature appends what happened, higher features write what follows from it. */
export class Outbox {
  constructor(
    private readonly bus: Bus,
    private readonly handlers: readonly EventHandler[],
  ) {}

  async append(tx: Transaction, event: DomainEvent): Promise<void> {
    const { projectId, topic, type, payload } = event;
    await tx.query(
      `/* outbox.append */ INSERT INTO event (id, project_id, topic, type, payload) VALUES ($1, $2, $3, $4, $5)`,
      [newId(), projectId, topic, type, JSON.stringify(payload)],
      { prepareAs: 'outbox.append' },
    );
    for (const handle of this.handlers) await handle(tx, event);
    await this.bus.wake(tx, event.topic);
  }
}
