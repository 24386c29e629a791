import type { ProjectId } from '../kernel/ids';
import type { SqlRunner, Transaction } from '../kernel/database/sql';
import type { DeliveryId, Webhook, WebhookId, WebhookStatus } from './webhook';
import { WebhookDeliveryEntity } from './webhook-delivery.entity';
import type { WebhookEvent } from './webhook-event';
import { WebhookEntity } from './webhook.entity';
import { WEBHOOK } from './webhooks.queries';

export type NewWebhook = Omit<Webhook, 'hasSecret'> & { readonly sealedSecret: Buffer | null };
export type NewDelivery = Pick<WebhookDeliveryEntity, 'id' | 'projectId' | 'webhookId' | 'event' | 'body'>;

export interface WebhookChange {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string | null;
  readonly status: WebhookStatus;
  /** Undefined: as it is. */
  readonly sealedSecret: Buffer | null | undefined;
  readonly now: Date;
}

/** A delivery that is ours to try until its claim is over, with what is needed for it. */
export interface ClaimedDelivery {
  readonly id: DeliveryId;
  readonly webhookId: WebhookId;
  readonly event: WebhookEvent;
  readonly body: string;
  /** This one included. */
  readonly attempts: number;
  readonly url: string;
  readonly status: WebhookStatus;
  readonly sealedSecret: Buffer | null;
}

export interface Attempted {
  readonly state: 'PENDING' | 'DELIVERED' | 'FAILED';
  readonly responseStatus: number | null;
  readonly error: string | null;
  /** Until the next attempt, in ms; null: there is none. */
  readonly pauseMs: number | null;
}

/** Deliveries that are looked at to find some that may go; those behind them get their turn when these are busy. */
const CANDIDATES = 1_000;

export class WebhookStore {
  async add(tx: Transaction, webhook: NewWebhook): Promise<void> {
    await tx.insert('webhooks.add', WebhookEntity, { ...webhook, events: [...webhook.events] });
  }

  /** Of the project; the number of webhooks does not grow while this transaction is open. */
  async countHeld(tx: Transaction, projectId: ProjectId): Promise<number> {
    await tx.query('/* webhooks.lock */ SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `webhooks ${projectId}`,
    ]);
    const [row] = await tx.query<{ count: number }>(
      '/* webhooks.count */ SELECT count(*)::integer AS count FROM webhook WHERE project_id = $1',
      [projectId],
    );
    return row?.count ?? 0;
  }

  async hold(tx: Transaction, projectId: ProjectId, id: WebhookId): Promise<Webhook | null> {
    const [webhook] = await tx.query<Webhook>(
      `/* webhooks.hold */ SELECT ${WEBHOOK} FROM webhook w WHERE w.project_id = $1 AND w.id = $2 FOR UPDATE`,
      [projectId, id],
    );
    return webhook ?? null;
  }

  async change(tx: Transaction, id: WebhookId, change: WebhookChange): Promise<Webhook> {
    const { name, url, events, description, status, sealedSecret, now } = change;
    const [webhook] = await tx.query<Webhook>(
      `/* webhooks.change */ UPDATE webhook AS w SET name = $2, url = $3, events = $4, description = $5, status = $6,
         sealed_secret = CASE WHEN $7 THEN $8::bytea ELSE w.sealed_secret END, updated_at = $9
       WHERE w.id = $1 RETURNING ${WEBHOOK}`,
      [id, name, url, events, description, status, sealedSecret !== undefined, sealedSecret ?? null, now],
    );
    if (!webhook) throw new Error('A webhook that is held is there.');
    return webhook;
  }

  /** With all that is to be told to it, and was. */
  async remove(tx: Transaction, id: WebhookId): Promise<void> {
    await tx.query('/* webhooks.removeDeliveries */ DELETE FROM webhook_delivery WHERE webhook_id = $1', [
      id,
    ]);
    await tx.query('/* webhooks.remove */ DELETE FROM webhook WHERE id = $1', [id]);
  }

  /** Who wants to hear of one of these; none of them goes before this transaction ends. */
  async listeners(
    tx: Transaction,
    projectId: ProjectId,
    events: readonly WebhookEvent[],
  ): Promise<readonly { readonly id: WebhookId; readonly events: readonly WebhookEvent[] }[]> {
    return tx.query(
      `/* webhooks.listeners */ SELECT id, events FROM webhook
       WHERE project_id = $1 AND status = 'ACTIVE' AND events && $2::text[] ORDER BY id FOR KEY SHARE`,
      [projectId, events],
      { prepareAs: 'webhooks.listeners' },
    );
  }

  async addDeliveries(tx: Transaction, deliveries: readonly NewDelivery[]): Promise<void> {
    await tx.insert('webhooks.addDeliveries', WebhookDeliveryEntity, deliveries);
  }

  /**
   * Takes deliveries that are due: nobody else gets them until `claimMs` is over, when whoever took them must have
   * died.
   *
   * @param busy webhooks that have enough on their way
   */
  async claim(
    sql: SqlRunner,
    limits: { readonly count: number; readonly perWebhook: number; readonly claimMs: number },
    busy: readonly WebhookId[],
  ): Promise<readonly ClaimedDelivery[]> {
    return sql.query(
      `/* webhooks.claim */ WITH due AS (
         SELECT id, due_at, webhook_id FROM webhook_delivery
         WHERE due_at <= now() AND webhook_id <> ALL($4) ORDER BY due_at LIMIT ${CANDIDATES}
       ), ranked AS (
         SELECT id, row_number() OVER (PARTITION BY webhook_id ORDER BY due_at, id) AS place FROM due
       ), chosen AS (
         SELECT d.id FROM webhook_delivery d JOIN ranked USING (id)
         WHERE ranked.place <= $2 AND d.due_at <= now() ORDER BY d.due_at, d.id LIMIT $1 FOR UPDATE OF d SKIP LOCKED
       )
       UPDATE webhook_delivery AS d SET attempts = d.attempts + 1, due_at = now() + make_interval(secs => $3)
       FROM chosen, webhook w WHERE d.id = chosen.id AND w.id = d.webhook_id
       RETURNING d.id, d.webhook_id AS "webhookId", d.event, d.body, d.attempts, w.url, w.status,
         w.sealed_secret AS "sealedSecret"`,
      [limits.count, limits.perWebhook, limits.claimMs / 1_000, busy],
    );
  }

  /**
   * Makes due what is to wait longer than it may: the clock was set back.
   *
   * @param longestWaitsMs by the attempts that were made
   */
  async bringForward(sql: SqlRunner, longestWaitsMs: readonly number[]): Promise<void> {
    await sql.query(
      `/* webhooks.bringForward */ UPDATE webhook_delivery SET due_at = now()
       WHERE due_at > now() + ($1::float8[])[attempts + 1] * interval '1 millisecond'`,
      [longestWaitsMs],
    );
  }

  /** Says how an attempt went; one that somebody else has made meanwhile says it itself. */
  async attempted(sql: SqlRunner, { id, attempts }: ClaimedDelivery, attempt: Attempted): Promise<void> {
    const { state, responseStatus, error, pauseMs } = attempt;
    await sql.query(
      `/* webhooks.attempted */ UPDATE webhook_delivery SET state = $3, response_status = $4, error = $5,
         due_at = now() + make_interval(secs => $6), ended_at = CASE WHEN $3 = 'PENDING' THEN NULL ELSE now() END
       WHERE id = $1 AND attempts = $2`,
      [id, attempts, state, responseStatus, error, pauseMs === null ? null : pauseMs / 1_000],
    );
  }

  /** Gives back what was claimed and not tried to its end. */
  async release(sql: SqlRunner, { id, attempts }: ClaimedDelivery): Promise<void> {
    await sql.query(
      `/* webhooks.release */ UPDATE webhook_delivery SET attempts = attempts - 1, due_at = now()
       WHERE id = $1 AND attempts = $2`,
      [id, attempts],
    );
  }
}
