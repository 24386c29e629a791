import type { Actor } from '../../kernel/actor';
import { encodeNodeId, idOf } from '../../kernel/ids';
import { WEBHOOK_EVENTS, type Webhook, type WebhookEvent, type Webhooks } from '../../webhooks/webhooks';
import { listOrNothing, type Json } from './answer-json';
import type { Calls } from './calls';
import type { Fields } from './fields';
import { doesNotExist, invalidParameter, unlessRefused } from './mlflow-error';
import { readPage } from './search-fields';

/** Webhooks of one page, as MLflow has it. */
const MAX_PAGE = 1_000;
const USUAL_PAGE = 100;
const STATUSES = ['ACTIVE', 'DISABLED'] as const;

/** MLflow's clients fail at events that they have no word for, so that they are told of theirs alone. */
const isMlflows = (event: WebhookEvent): boolean => !event.startsWith('run.');

/** Webhooks, as MLflow's clients make, list, change, try and delete them. */
export function webhookCalls(webhooks: Webhooks): Calls {
  const find = async (fields: Fields, actor: Actor): Promise<Webhook> => {
    const key = fields.text('webhook_id');
    const id = idOf('webhook', key);
    const [webhook] = id === null ? [] : await webhooks.byIds(actor, [id]);
    if (!webhook?.events.some(isMlflows)) throw doesNotExist(`Webhook with ID ${key} not found.`);
    return webhook;
  };
  const idIn = async (fields: Fields, actor: Actor) =>
    encodeNodeId('webhook', (await find(fields, actor)).id);

  return {
    'POST webhooks': async (fields, actor) => {
      const events = eventsOf(fields);
      if (events.length === 0) throw invalidParameter("Missing value for required parameter 'events'.");
      const input = {
        ...{ name: fields.text('name'), url: fields.text('url'), events },
        ...{ description: fields.optionalText('description'), secret: fields.optionalText('secret') },
        status: fields.word('status', STATUSES),
      };
      return { webhook: webhookJson(unlessRefused(await webhooks.create(actor, input)).webhook) };
    },
    'GET webhooks': async (fields, actor) => {
      const page = await webhooks.page(
        actor,
        readPage(fields, { max: MAX_PAGE, keys: 1, absent: USUAL_PAGE }),
      );
      return {
        webhooks: listOrNothing(page.nodes.filter(({ events }) => events.some(isMlflows)).map(webhookJson)),
        next_page_token: page.hasNextPage ? (page.endCursor ?? undefined) : undefined,
      };
    },
    'GET webhooks/{webhook_id}': async (fields, actor) => ({
      webhook: webhookJson(await find(fields, actor)),
    }),
    'PATCH webhooks/{webhook_id}': async (fields, actor) => {
      const before = await find(fields, actor);
      const events = eventsOf(fields);
      const own = before.events.filter((event) => !isMlflows(event)); // which the client does not know
      const description = fields.anyText('description');
      const input = {
        ...{ webhookId: encodeNodeId('webhook', before.id), name: fields.optionalText('name') },
        ...{ url: fields.optionalText('url'), events: events.length === 0 ? null : [...events, ...own] },
        ...{ secret: fields.anyText('secret'), status: fields.word('status', STATUSES) },
        ...(description !== null && { description }),
      };
      return { webhook: webhookJson(unlessRefused(await webhooks.update(actor, input)).webhook) };
    },
    'DELETE webhooks/{webhook_id}': async (fields, actor) => {
      unlessRefused(await webhooks.delete(actor, await idIn(fields, actor)));
      return {};
    },
    'POST webhooks/{webhook_id}/test': async (fields, actor) => {
      const event = fields.optionalPart('event');
      const asked = event && eventOf(event);
      const { test } = unlessRefused(await webhooks.test(actor, await idIn(fields, actor), asked));
      return {
        result: {
          success: test.success,
          response_status: test.responseStatus ?? undefined,
          response_body: test.responseBody ?? undefined,
          error_message: test.error ?? undefined,
        },
      };
    },
  };
}

const eventsOf = (fields: Fields): readonly WebhookEvent[] => fields.list('events').map(eventOf);

function eventOf(fields: Fields): WebhookEvent {
  const [entity, action] = [fields.text('entity'), fields.text('action')];
  const name = `${entity}.${action}`.toLowerCase();
  const event = WEBHOOK_EVENTS.find((known) => known === name);
  if (event === undefined || !isMlflows(event))
    throw invalidParameter(`Invalid action '${action.toLowerCase()}' for entity '${entity.toLowerCase()}'.`);
  return event;
}

const webhookJson = (webhook: Webhook): Json => ({
  webhook_id: encodeNodeId('webhook', webhook.id),
  name: webhook.name,
  description: webhook.description ?? undefined,
  url: webhook.url,
  events: webhook.events.filter(isMlflows).map((event) => {
    const [entity = '', action = ''] = event.toUpperCase().split('.');
    return { entity, action };
  }),
  status: webhook.status,
  creation_timestamp: webhook.createdAt.getTime(),
  last_updated_timestamp: webhook.updatedAt.getTime(),
});
