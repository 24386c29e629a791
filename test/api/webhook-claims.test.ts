import { ENTITIES } from '../../src/entities';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import { newId, type ProjectId } from '../../src/kernel/ids';
import { LONGEST_WAITS_MS } from '../../src/webhooks/delivery-retry';
import type { WebhookId } from '../../src/webhooks/webhook';
import { WebhookStore, type ClaimedDelivery } from '../../src/webhooks/webhooks.store';
import { TEST_ENGINE } from '../support/template-database';
import { openTestDatabase } from '../support/test-database';

const PROJECT = newId<'project'>() as ProjectId;
const LIMITS = { count: 16, perWebhook: 4, claimMs: 60_000 };
const store = new WebhookStore();
let database: Database;
let close: () => Promise<void>;
beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  database = new Database(createDataSource({ connection, entities: ENTITIES, migrations: [] }), TEST_ENGINE);
  await database.open();
  close = async () => {
    await database.stop();
    await stop();
  };
});
afterAll(() => close());
afterEach(() => database.query('DELETE FROM webhook_delivery'));

async function newWebhook(due: number): Promise<WebhookId> {
  const id = newId<'webhook'>();
  const now = new Date();
  const words = { name: 'w', url: 'https://example.org', events: ['run.failed'] as const, description: null };
  await database.transaction(async (tx) => {
    const row = { id, projectId: PROJECT, ...words, status: 'ACTIVE', sealedSecret: null } as const;
    await store.add(tx, { ...row, createdAt: now, updatedAt: now });
    const delivery = { projectId: PROJECT, webhookId: id, event: 'run.failed', body: '{}' } as const;
    await store.addDeliveries(
      tx,
      Array.from({ length: due }, () => ({ id: newId<'webhook_delivery'>(), ...delivery })),
    );
  });
  return id;
}
const claim = (busy: readonly WebhookId[] = []) => store.claim(database, LIMITS, busy);
const idsOf = (claimed: readonly ClaimedDelivery[]) => claimed.map(({ id }) => id);

test('servers that claim at the same time get each delivery once, and no webhook has all the places', async () => {
  await newWebhook(30);
  await newWebhook(2);
  const claims = await Promise.all([claim(), claim(), claim()]);
  const ids = claims.flatMap(idsOf);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(6);
  for (const claimed of claims) {
    const webhooks = claimed.map(({ webhookId }) => webhookId);
    for (const id of webhooks) expect(webhooks.filter((other) => other === id).length).toBeLessThanOrEqual(4);
  }
});

test('what somebody has claimed who died is claimed again when the claim is over, and who was slow says nothing', async () => {
  await newWebhook(1);
  const [first] = await claim();
  expect(await claim()).toEqual([]);
  await database.query(`UPDATE webhook_delivery SET due_at = now() - interval '1 second'`);
  const [second] = await claim();
  if (!first || !second) throw new Error('Both have claimed it.');
  expect([first.id, first.attempts, second.id, second.attempts]).toEqual([first.id, 1, first.id, 2]);
  const state = async () =>
    (await database.query<{ state: string }>('SELECT state FROM webhook_delivery'))[0]?.state;
  const failed = { state: 'FAILED', responseStatus: null, error: 'late', pauseMs: null } as const;
  await store.attempted(database, first, failed);
  expect(await state()).toBe('PENDING');
  await store.attempted(database, second, { ...failed, state: 'DELIVERED', error: null });
  expect(await state()).toBe('DELIVERED');
  expect(await claim()).toEqual([]);
});

test('what was broken off is given back as if it had not been tried; a busy webhook waits', async () => {
  const id = await newWebhook(1);
  expect(await claim([id])).toEqual([]);
  const [taken] = await claim();
  if (!taken) throw new Error('It is due.');
  await store.release(database, taken);
  expect((await claim()).map(({ attempts }) => attempts)).toEqual([1]);
});

describe('where the clock was set back', () => {
  const put = (sql: string) => database.query(`UPDATE webhook_delivery SET ${sql}`);

  test.each([
    ['is new', 0, '3 hours'],
    ['was tried once', 1, '3 hours'],
    ['was tried seven times', 7, '9 hours'],
  ])('what %s goes now, and not hours later', async (_what, attempts, ahead) => {
    await newWebhook(1);
    await put(`attempts = ${attempts}, due_at = now() + interval '${ahead}'`);
    expect(await claim()).toEqual([]);
    await store.bringForward(database, LONGEST_WAITS_MS);
    expect(await claim()).toHaveLength(1);
  });

  test.each([
    ['has been put off by its receiver', 1, '59 minutes'],
    ['was tried seven times', 7, '7 hours'],
  ])('what %s waits as long as it was told', async (_what, attempts, ahead) => {
    await newWebhook(1);
    await put(`attempts = ${attempts}, due_at = now() + interval '${ahead}'`);
    await store.bringForward(database, LONGEST_WAITS_MS);
    expect(await claim()).toEqual([]);
  });
});
