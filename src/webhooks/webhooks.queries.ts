import { toPage, type Page, type PageRequest } from '../kernel/cursor';
import { cursorId } from '../kernel/cursor-keys';
import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/database/sql';
import type { WebhookEntity } from './webhook.entity';
import type { Delivery, DeliveryState, Webhook, WebhookId } from './webhook';

export const WEBHOOK = `w.id, w.project_id AS "projectId", w.name, w.url, w.events, w.description, w.status,
  w.sealed_secret IS NOT NULL AS "hasSecret", w.created_at AS "createdAt", w.updated_at AS "updatedAt"`;

/** Webhooks and the record of their deliveries, newest first. */
export class WebhookQueries {
  constructor(private readonly sql: SqlRunner) {}

  async byIds(projectId: ProjectId, ids: readonly WebhookId[]): Promise<(Webhook | null)[]> {
    const rows = await this.sql.query<Webhook>(
      `/* webhooks.byIds */ SELECT ${WEBHOOK} FROM webhook w WHERE w.project_id = $1 AND w.id = ANY($2)`,
      [projectId, ids],
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** What is needed to send something to it; null where there is none. */
  async addressed(
    projectId: ProjectId,
    id: WebhookId,
  ): Promise<Pick<WebhookEntity, 'url' | 'events' | 'sealedSecret'> | null> {
    const [row] = await this.sql.query<Pick<WebhookEntity, 'url' | 'events' | 'sealedSecret'>>(
      `/* webhooks.addressed */ SELECT url, events, sealed_secret AS "sealedSecret" FROM webhook
       WHERE project_id = $1 AND id = $2`,
      [projectId, id],
    );
    return row ?? null;
  }

  async page(projectId: ProjectId, { first, after }: PageRequest): Promise<Page<Webhook>> {
    const rows = await this.sql.query<Webhook>(
      `/* webhooks.page */ SELECT ${WEBHOOK} FROM webhook w
       WHERE w.project_id = $1 AND ($2::uuid IS NULL OR w.id < $2) ORDER BY w.id DESC LIMIT $3`,
      [projectId, after && cursorId(after, 0), first + 1],
    );
    return toPage(rows, { first, after }, ({ id }) => [id]);
  }

  async deliveries(
    projectId: ProjectId,
    webhookId: WebhookId,
    state: DeliveryState | null,
    { first, after }: PageRequest,
  ): Promise<Page<Delivery>> {
    const rows = await this.sql.query<Delivery>(
      `/* webhooks.deliveries */ SELECT d.id, d.webhook_id AS "webhookId", d.event, d.body, d.state, d.attempts,
         d.due_at AS "dueAt", d.response_status AS "responseStatus", d.error, d.created_at AS "createdAt",
         d.ended_at AS "endedAt"
       FROM webhook_delivery d
       WHERE d.project_id = $1 AND d.webhook_id = $2 AND ($3::text IS NULL OR d.state = $3)
         AND ($4::uuid IS NULL OR d.id < $4) ORDER BY d.id DESC LIMIT $5`,
      [projectId, webhookId, state, after && cursorId(after, 0), first + 1],
    );
    return toPage(rows, { first, after }, ({ id }) => [id]);
  }
}
