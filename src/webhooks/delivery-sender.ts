import type { Bus } from '../kernel/bus';
import type { Database } from '../kernel/database/database';
import { shorten } from '../kernel/errors';
import type { Logger } from '../kernel/logger';
import { Periodic } from '../kernel/periodic';
import { isAmong, type RemotePlace } from '../kernel/remote-place';
import { LONGEST_WAITS_MS, MAX_ATTEMPTS, outcomeOf, pauseAfter } from './delivery-retry';
import type { WebhookId } from './webhook';
import { parsedUrl } from './webhook-input';
import { ClosedAddress, post, POST_TIMEOUT_MS, type Posted } from './webhook-post';
import type { WebhookSecrets } from './webhook-secrets';
import { signatureOf } from './webhook-signature';
import { WebhookStore, type Attempted, type ClaimedDelivery } from './webhooks.store';

/** Woken when there is something to deliver. */
export const DELIVERIES_TOPIC = 'webhook-deliveries';

/**
 * Deliveries on their way from one process, and those of one webhook among them: a slow receiver holds up only itself.
 */
const MAX_IN_FLIGHT = 16;
const MAX_PER_WEBHOOK = 4;
/** Longer than an attempt takes: after it, whoever has claimed a delivery is dead. */
const CLAIM_MS = POST_TIMEOUT_MS + 20_000;
/** How often we look for what is due again, in ms; what is new wakes us. */
const LOOK_MS = 1_000;
/** How often we look for what a clock that was set back holds back, in ms. */
const BRING_FORWARD_MS = 60_000;

/** `*`: webhooks may go anywhere. */
export type PrivateHosts = readonly RemotePlace[] | '*';

export interface Addressed {
  readonly id: string;
  readonly webhookId: WebhookId;
  readonly body: string;
  readonly url: string;
  readonly sealedSecret: Buffer | null;
}

interface SenderNeeds {
  readonly database: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly secrets: WebhookSecrets;
  /** Where webhooks may go besides the public internet. */
  readonly privateHosts: PrivateHosts;
}

/**
 * Sends what is due. What is to be told is a row from the moment on that it happened, and several processes each claim
 * some of the rows, so a delivery is made at least once whoever dies, and mostly once.
 */
export class DeliverySender {
  private readonly store = new WebhookStore();
  private readonly inFlight = new Map<Promise<void>, WebhookId>();
  private readonly stopping = new AbortController();
  private readonly looks = new Periodic(() => this.sendDue(), LOOK_MS);
  private readonly clockLooks = new Periodic(() => this.bringForward(), BRING_FORWARD_MS);
  private running: Promise<void> | null = null;
  private isWoken = false;
  private isFailing = false;
  private unlisten: () => void = () => undefined;

  constructor(private readonly needs: SenderNeeds) {}

  start(): void {
    this.unlisten = this.needs.bus.listen(DELIVERIES_TOPIC, () => void this.sendDue());
    this.looks.start();
    this.clockLooks.start();
  }

  /** What is on its way is broken off, and given back for whoever comes next. */
  async stop(): Promise<void> {
    this.unlisten();
    this.stopping.abort();
    await Promise.all([this.looks.stop(), this.clockLooks.stop()]);
    await this.running;
    await Promise.all(this.inFlight.keys());
  }

  /** Sends one thing now, whatever else is due. Throws what the network says. */
  async post({ id, webhookId, body, url: text, sealedSecret }: Addressed): Promise<Posted> {
    const url = parsedUrl(text);
    if (!url) throw new ClosedAddress('The address is none that can be posted to.');
    const { privateHosts } = this.needs;
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'user-agent': 'modelgraph-webhook/1',
      'x-mlflow-delivery-id': id,
      'x-mlflow-timestamp': timestamp,
    };
    if (sealedSecret) {
      const secret = await this.needs.secrets.open(webhookId, sealedSecret);
      if (secret === null)
        throw new Error('The secret was kept with another key: see WEBHOOK_KEY_FILE, or give it again.');
      headers['x-mlflow-signature'] = signatureOf(secret, id, timestamp, body);
    }
    const isTrusted = privateHosts === '*' || isAmong(url, privateHosts);
    return post({ url, headers, body, isTrusted, signal: this.stopping.signal });
  }

  /** Never throws: what cannot be read now is due the next time too. */
  private sendDue(): Promise<void> {
    this.isWoken = true;
    this.running ??= this.claimAll().finally(() => (this.running = null));
    return this.running;
  }

  private bringForward(): Promise<void> {
    // Who cannot reach the database is told by the looks.
    return this.store.bringForward(this.needs.database, LONGEST_WAITS_MS).catch(() => undefined);
  }

  private async claimAll(): Promise<void> {
    try {
      while (this.isWoken && !this.stopping.signal.aborted) {
        if (this.inFlight.size >= MAX_IN_FLIGHT) {
          await Promise.race(this.inFlight.keys());
          continue;
        }
        this.isWoken = false;
        const limits = {
          count: MAX_IN_FLIGHT - this.inFlight.size,
          perWebhook: MAX_PER_WEBHOOK,
          claimMs: CLAIM_MS,
        };
        const claimed = await this.store.claim(this.needs.database, limits, this.busyWebhooks());
        for (const delivery of claimed) this.begin(delivery);
        if (claimed.length > 0) this.isWoken = true;
        this.isFailing = false;
      }
    } catch (error) {
      if (!this.isFailing)
        this.needs.logger.warn({ err: error }, 'webhooks cannot be delivered; tried again');
      this.isFailing = true;
    }
  }

  private busyWebhooks(): readonly WebhookId[] {
    const counts = new Map<WebhookId, number>();
    for (const id of this.inFlight.values()) counts.set(id, (counts.get(id) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= MAX_PER_WEBHOOK).map(([id]) => id);
  }

  private begin(delivery: ClaimedDelivery): void {
    const done = this.deliver(delivery)
      // The claim runs out, and then it is tried again.
      .catch((error: unknown) => this.needs.logger.warn({ err: error }, 'a delivery could not be recorded'))
      .finally(() => {
        this.inFlight.delete(done);
        void this.sendDue(); // a place is free
      });
    this.inFlight.set(done, delivery.webhookId);
  }

  private async deliver(delivery: ClaimedDelivery): Promise<void> {
    const { database } = this.needs;
    const attempt = await this.attempt(delivery);
    if (attempt === 'BROKEN OFF') await this.store.release(database, delivery);
    else await this.store.attempted(database, delivery, attempt);
  }

  private async attempt(delivery: ClaimedDelivery): Promise<Attempted | 'BROKEN OFF'> {
    if (delivery.status === 'DISABLED') return failed(null, 'The webhook is disabled.');
    try {
      const { status, retryAfterMs } = await this.post(delivery);
      const outcome = outcomeOf(status);
      if (outcome === 'DELIVERED')
        return { state: 'DELIVERED', responseStatus: status, error: null, pauseMs: null };
      if (outcome === 'FAILED') return failed(status, sentenceOf(status));
      return again(delivery, status, sentenceOf(status), retryAfterMs);
    } catch (error) {
      if (this.stopping.signal.aborted) return 'BROKEN OFF';
      if (error instanceof ClosedAddress) return failed(null, error.message);
      return again(delivery, null, reasonOf(error), null);
    }
  }
}

const failed = (responseStatus: number | null, error: string): Attempted => ({
  ...{ state: 'FAILED', responseStatus, error, pauseMs: null },
});

function again(
  { attempts }: ClaimedDelivery,
  responseStatus: number | null,
  error: string,
  retryAfterMs: number | null,
): Attempted {
  const pauseMs = pauseAfter(attempts, retryAfterMs, Math.random());
  if (pauseMs === null) return failed(responseStatus, `${error} It was tried ${MAX_ATTEMPTS} times.`);
  return { state: 'PENDING', responseStatus, error, pauseMs };
}

const sentenceOf = (status: number): string =>
  status >= 300 && status < 400
    ? `It answered ${status}, and redirects are not followed.`
    : `It answered ${status}.`;

/** In one sentence, which holds no secret: neither address nor body is in it. */
export function reasonOf(error: unknown): string {
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError')
    return `It did not answer within ${POST_TIMEOUT_MS / 1_000} s.`;
  return `It could not be reached: ${code ?? shorten(message)}.`;
}
