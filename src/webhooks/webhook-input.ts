import { shorten, type InvalidInput } from '../kernel/errors';
import { InputCheck, MAX_NAME_LENGTH, MAX_PROSE_LENGTH } from '../kernel/input-check';
import { WEBHOOK_EVENTS, type WebhookEvent } from './webhook-event';
import type { WebhookStatus } from './webhook';

export interface CreateWebhookInput {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description?: string | null;
  /** What signs its deliveries; absent: nothing does. */
  readonly secret?: string | null;
  readonly status?: WebhookStatus | null;
}

/** What is absent stays as it is. */
export interface UpdateWebhookInput extends Partial<Omit<CreateWebhookInput, 'name' | 'url' | 'events'>> {
  readonly webhookId: string;
  readonly name?: string | null;
  readonly url?: string | null;
  readonly events?: readonly WebhookEvent[] | null;
}

const MAX_URL_LENGTH = 2_048;
const MAX_SECRET_LENGTH = 1_000;

export function checkWebhook({
  name,
  url,
  events,
  description,
  secret,
}: Partial<CreateWebhookInput>): InvalidInput | null {
  const check = new InputCheck();
  if (name !== undefined) check.text('name', name, MAX_NAME_LENGTH);
  if (url !== undefined) checkUrl(check, url);
  if (events !== undefined) {
    const unknown = events.find((event) => !WEBHOOK_EVENTS.includes(event));
    if (events.length === 0) check.add('events', 'at least one event', 'none');
    else if (unknown !== undefined) check.add('events', 'events that there are', `“${shorten(unknown)}”`);
  }
  check.optionalText('description', description, MAX_PROSE_LENGTH);
  check.optionalText('secret', secret, MAX_SECRET_LENGTH);
  return check.result();
}

function checkUrl(check: InputCheck, text: string): void {
  const url = text.length > MAX_URL_LENGTH ? null : parsedUrl(text);
  const expected = `an address such as https://hooks.example.org/models, of at most ${MAX_URL_LENGTH} characters, without user and password`;
  // The text itself is not repeated: some hold a token.
  if (url === null) check.add('url', expected, 'another text');
}

/** Null where it is no address that deliveries can be posted to. */
export function parsedUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  return url.hostname === '' || url.username !== '' || url.password !== '' || text.includes('\0')
    ? null
    : url;
}
