import { authorize, mayDo } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import type { Clock } from '../kernel/clock';
import type { Page, PageRequest } from '../kernel/cursor';
import type { Database } from '../kernel/database/database';
import {
  invalidInput,
  notFound,
  refuse,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../kernel/errors';
import { idOf, newId } from '../kernel/ids';
import type { Bus } from '../kernel/bus';
import type { EventHandler } from '../kernel/outbox';
import { refusableTransaction } from '../kernel/database/refusable-transaction';
import { DELIVERIES_TOPIC, reasonOf, type DeliverySender } from './delivery-sender';
import type { Delivery, DeliveryState, Webhook, WebhookId } from './webhook';
import type { WebhookEvent } from './webhook-event';
import { checkWebhook, type CreateWebhookInput, type UpdateWebhookInput } from './webhook-input';
import { ClosedAddress } from './webhook-post';
import type { WebhookSecrets } from './webhook-secrets';
import { bodyOf, exampleOf, toldOf } from './webhook-told';
import { WebhookQueries } from './webhooks.queries';
import { WebhookStore } from './webhooks.store';

export type { Delivery, DeliveryState, Webhook, WebhookId, WebhookStatus } from './webhook';
export { WEBHOOK_EVENTS, type WebhookEvent } from './webhook-event';
export type { CreateWebhookInput, UpdateWebhookInput } from './webhook-input';
export { DeliverySender } from './delivery-sender';
export { WebhookSecrets } from './webhook-secrets';

/** Webhooks of one project: each event is told to all that want it, in the transaction in which it happens. */
const MAX_WEBHOOKS = 100;

export type WebhookChanged =
  { readonly ok: true; readonly webhook: Webhook } | Refusal<NotFound | InvalidInput>;

/** How a receiver answered an example. */
export interface WebhookTest {
  readonly success: boolean;
  readonly responseStatus: number | null;
  /** The beginning of its answer. */
  readonly responseBody: string | null;
  readonly error: string | null;
}

const store = new WebhookStore();

/** Writes what webhooks are to be told of an event, in the event's own transaction: nothing happens untold. */
export const webhookHandler =
  (bus: Bus): EventHandler =>
  async (tx, event) => {
    const told = toldOf(event);
    if (told.length === 0) return;
    const events = [...new Set(told.map((one) => one.event))];
    const listeners = await store.listeners(tx, event.projectId, events);
    if (listeners.length === 0) return;
    const now = new Date();
    const deliveries = told.flatMap((one) => {
      const body = bodyOf(one, now);
      return listeners
        .filter((listener) => listener.events.includes(one.event))
        .map(({ id: webhookId }) => ({
          ...{
            id: newId<'webhook_delivery'>(),
            projectId: event.projectId,
            webhookId,
            event: one.event,
            body,
          },
        }));
    });
    await store.addDeliveries(tx, deliveries);
    await bus.wake(tx, DELIVERIES_TOPIC);
  };

/** Who is told of what happens, by HTTP. */
export class Webhooks {
  private readonly queries: WebhookQueries;

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly clock: Clock;
      readonly secrets: WebhookSecrets;
      readonly sender: DeliverySender;
    },
  ) {
    this.queries = new WebhookQueries(needs.database);
  }

  async create(actor: Actor, input: CreateWebhookInput): Promise<WebhookChanged> {
    authorize(actor, 'webhook:manage');
    const invalid = checkWebhook(input);
    if (invalid) return refuse(invalid);
    const id = newId<'webhook'>();
    const now = this.needs.clock.now();
    const { name, url, events, description = null, secret, status } = input;
    const row = {
      ...{ id, projectId: actor.projectId, name, url, events: unique(events), description },
      ...{ status: status ?? 'ACTIVE', createdAt: now, updatedAt: now },
      sealedSecret: secret ? await this.needs.secrets.seal(id, secret) : null,
    };
    return refusableTransaction<{ ok: true; webhook: Webhook }, InvalidInput>(
      this.needs.database,
      async (tx) => {
        if ((await store.countHeld(tx, actor.projectId)) >= MAX_WEBHOOKS) return refuse(tooManyWebhooks());
        await store.add(tx, row);
        const { sealedSecret, ...webhook } = row;
        return { ok: true, webhook: { ...webhook, hasSecret: sealedSecret !== null } };
      },
    );
  }

  /** Changes what is given. An empty secret takes it away. */
  async update(actor: Actor, input: UpdateWebhookInput): Promise<WebhookChanged> {
    authorize(actor, 'webhook:manage');
    const { webhookId, name, url, events, description, secret, status } = input;
    const given = { name: name ?? undefined, url: url ?? undefined, events: events ?? undefined };
    const invalid = checkWebhook({
      ...withoutUndefined(given),
      description: description ?? null,
      secret: secret ?? null,
    });
    if (invalid) return refuse(invalid);
    const id = idOf('webhook', webhookId);
    if (id === null) return refuse(notFound('webhook', webhookId));
    const sealedSecret = secret
      ? await this.needs.secrets.seal(id, secret)
      : secret === ''
        ? null
        : undefined;
    return refusableTransaction<{ ok: true; webhook: Webhook }, NotFound>(this.needs.database, async (tx) => {
      const before = await store.hold(tx, actor.projectId, id);
      if (!before) return refuse(notFound('webhook', webhookId));
      const webhook = await store.change(tx, id, {
        name: name ?? before.name,
        url: url ?? before.url,
        events: events ? unique(events) : before.events,
        description: description === undefined ? before.description : description || null,
        status: status ?? before.status,
        sealedSecret,
        now: this.needs.clock.now(),
      });
      return { ok: true, webhook };
    });
  }

  /** With the record of its deliveries, and those that are still to be made. */
  async delete(actor: Actor, webhookId: string): Promise<{ ok: true; webhook: Webhook } | Refusal<NotFound>> {
    authorize(actor, 'webhook:manage');
    const id = idOf('webhook', webhookId);
    if (id === null) return refuse(notFound('webhook', webhookId));
    return refusableTransaction<{ ok: true; webhook: Webhook }, NotFound>(this.needs.database, async (tx) => {
      const webhook = await store.hold(tx, actor.projectId, id);
      if (!webhook) return refuse(notFound('webhook', webhookId));
      await store.remove(tx, id);
      return { ok: true, webhook };
    });
  }

  /** Sends an example and waits for the answer. @param event absent: the first that the webhook wants */
  async test(
    actor: Actor,
    webhookId: string,
    event: WebhookEvent | null,
  ): Promise<{ readonly ok: true; readonly test: WebhookTest } | Refusal<NotFound>> {
    authorize(actor, 'webhook:manage');
    const id = idOf('webhook', webhookId);
    const addressed = id && (await this.queries.addressed(actor.projectId, id));
    if (!id || !addressed) return refuse(notFound('webhook', webhookId));
    const [first] = addressed.events;
    const body = bodyOf(exampleOf(event ?? first ?? 'registered_model.created'), this.needs.clock.now());
    try {
      const answer = await this.needs.sender.post({ id: newId(), webhookId: id, ...addressed, body });
      const success = answer.status >= 200 && answer.status < 300;
      return {
        ok: true,
        test: { success, responseStatus: answer.status, responseBody: answer.body, error: null },
      };
    } catch (error) {
      const reason = error instanceof ClosedAddress ? error.message : reasonOf(error);
      return { ok: true, test: { success: false, responseStatus: null, responseBody: null, error: reason } };
    }
  }

  async page(actor: Actor, page: PageRequest): Promise<Page<Webhook>> {
    authorize(actor, 'webhook:manage');
    return this.queries.page(actor.projectId, page);
  }

  /** Null for what is not there, and for callers who may not see webhooks. */
  async byIds(actor: Actor, ids: readonly WebhookId[]): Promise<(Webhook | null)[]> {
    if (!mayDo(actor, 'webhook:manage')) return ids.map(() => null);
    return this.queries.byIds(actor.projectId, ids);
  }

  async deliveries(
    actor: Actor,
    webhookId: WebhookId,
    state: DeliveryState | null,
    page: PageRequest,
  ): Promise<Page<Delivery>> {
    authorize(actor, 'webhook:manage');
    return this.queries.deliveries(actor.projectId, webhookId, state, page);
  }
}

const unique = (events: readonly WebhookEvent[]): readonly WebhookEvent[] => [...new Set(events)];

const withoutUndefined = <Given extends object>(given: Given) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<{
    [Name in keyof Given]: NonNullable<Given[Name]>;
  }>;

const tooManyWebhooks = () =>
  invalidInput([{ path: 'name', expected: `at most ${MAX_WEBHOOKS} webhooks`, actual: 'one more' }]);
