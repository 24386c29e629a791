import { WebhookStore } from '../../src/webhooks/webhooks.store';
import type { ApiClient } from '../support/api-client';
import { MlflowClient } from '../support/mlflow-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';
import { isSigned, WebhookReceiver } from '../support/webhook-receiver';

let server: TestServer;
let receiver: WebhookReceiver;
let mlflow: MlflowClient;
beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  server = await startTestServer({ WEBHOOK_PRIVATE_HOSTS: receiver.host });
  mlflow = new MlflowClient(server);
});
afterAll(async () => {
  await server.stop();
  await receiver.stop();
});

interface Webhook {
  readonly id: string;
}
interface Delivery {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly dueAt: string | null;
  readonly responseStatus: number | null;
  readonly error: string | null;
  readonly body: string;
}
type Answered = Record<string, unknown> & { readonly __typename: string; readonly webhook: Webhook };

const ISSUES = '... on InvalidInputError { issues { path } }';
const WEBHOOK = 'id name url events description status hasSecret createdAt updatedAt';
async function mutate(
  field: string,
  input: object,
  success: string,
  by: ApiClient = server,
): Promise<Answered> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  const { result } = await by.data<{ result: Answered }>(
    `mutation ($input: ${type}Input!) { result: ${field}(input: $input) { __typename ... on ${type}Success { ${success} }
       ... on UserError { code message } ${/^(create|update)/.test(field) ? ISSUES : ''} } }`,
    { input },
  );
  return result;
}
const create = (path: string, events: readonly string[], more: object = {}, by?: ApiClient) =>
  mutate(
    'createWebhook',
    { name: path, url: receiver.url(path), events, ...more },
    `webhook { ${WEBHOOK} }`,
    by,
  );
const update = (input: object) => mutate('updateWebhook', input, `webhook { ${WEBHOOK} }`);

async function deliveries(id: string, state?: string): Promise<readonly Delivery[]> {
  const { node } = await server.data<{ node: { deliveries: { nodes: Delivery[] } } }>(
    `query ($id: ID!, $state: WebhookDeliveryState) { node(id: $id) { ... on Webhook { deliveries(state: $state) {
       nodes { id event state attempts dueAt responseStatus error body createdAt endedAt } } } } }`,
    { id, state },
  );
  return node.deliveries.nodes;
}
/** Waits until the record says how an attempt went, which it does a moment after the receiver knows it. */
async function recorded(id: string, isWanted: (delivery: Delivery) => boolean): Promise<Delivery> {
  for (;;) {
    const found = (await deliveries(id)).find(isWanted);
    if (found) return found;
  }
}

const newModel = async (name: string) => {
  await mlflow.must('POST', 'registered-models/create', { name });
  return name;
};

describe('what is told', () => {
  test('models, versions, tags and aliases, as MLflow’s receivers know them', async () => {
    const events = ['REGISTERED_MODEL_CREATED', 'MODEL_VERSION_CREATED', 'MODEL_VERSION_TAG_SET'].concat([
      'MODEL_VERSION_TAG_DELETED',
      'MODEL_VERSION_ALIAS_CREATED',
      'MODEL_VERSION_ALIAS_DELETED',
    ]);
    await create('/registry', events, { secret: 'shared words' });
    const registry = new RegistryClient(server);
    const ref = await registry.version('told', scaled(2));
    const words = { name: 'told', version: '1' };
    await mlflow.must('POST', 'model-versions/set-tag', { ...words, key: 'k', value: 'v' });
    await mlflow.must('DELETE', 'model-versions/delete-tag', { ...words, key: 'k' });
    await registry.promote(ref, 'live');
    await mlflow.must('DELETE', 'registered-models/alias', { name: 'told', alias: 'live' });
    const tags = [{ key: 'team', value: 'a' }];
    await mlflow.must('POST', 'registered-models/create', { name: 'tagged', tags, description: 'why' });
    const received = await receiver.count('/registry', 7);
    const told = new Map(
      received.map(({ body }) => [`${body.entity}.${body.action} ${String(body.data.name)}`, body.data]),
    );
    expect(Object.fromEntries(told)).toEqual({
      'registered_model.created told': { name: 'told', tags: {}, description: null },
      'model_version.created told': {
        ...words,
        source: expect.stringMatching(/^modelgraph:\/artifacts\/sha256\/[0-9a-f]{64}$/),
        run_id: null,
        tags: {},
        description: null,
      },
      'model_version_tag.set told': { ...words, key: 'k', value: 'v' },
      'model_version_tag.deleted told': { ...words, key: 'k' },
      'model_version_alias.created told': { ...words, alias: 'live' },
      'model_version_alias.deleted told': { name: 'told', alias: 'live' },
      'registered_model.created tagged': { name: 'tagged', tags: { team: 'a' }, description: 'why' },
    });
    for (const one of received) {
      expect(isSigned(one, 'shared words')).toBe(true);
      expect(isSigned(one, 'other words')).toBe(false);
      expect(Math.abs(Date.parse(one.body.timestamp) - Date.now())).toBeLessThan(60_000);
    }
  });

  test('prompts have events of their own', async () => {
    await create('/prompts', [
      'PROMPT_CREATED',
      'PROMPT_VERSION_CREATED',
      'PROMPT_TAG_SET',
      'PROMPT_ALIAS_CREATED',
    ]);
    await create('/models', ['REGISTERED_MODEL_CREATED', 'MODEL_VERSION_CREATED']);
    const mark = { key: 'mlflow.prompt.is_prompt', value: 'true' };
    const tags = [mark, { key: 'mlflow.prompt.text', value: 'Hello {{name}}' }, { key: 'of', value: 'us' }];
    await mlflow.must('POST', 'registered-models/create', { name: 'greeting', tags: [mark] });
    await mlflow.must('POST', 'model-versions/create', { name: 'greeting', source: 'dummy-source', tags });
    await mlflow.must('POST', 'registered-models/set-tag', { name: 'greeting', key: 'a', value: 'b' });
    await mlflow.must('POST', 'registered-models/alias', { name: 'greeting', alias: 'best', version: '1' });
    const received = await receiver.count('/prompts', 4);
    const told = Object.fromEntries(received.map(({ body }) => [`${body.entity}.${body.action}`, body.data]));
    expect(told).toEqual({
      'prompt.created': { name: 'greeting', tags: {}, description: null },
      'prompt_version.created': {
        ...{
          name: 'greeting',
          version: '1',
          template: 'Hello {{name}}',
          tags: { of: 'us' },
          description: null,
        },
      },
      'prompt_tag.set': { name: 'greeting', key: 'a', value: 'b' },
      'prompt_alias.created': { name: 'greeting', alias: 'best', version: '1' },
    });
    expect(receiver.at('/models')).toEqual([]);
  });

  test('runs: that they were made, and how they ended', async () => {
    await create('/runs', ['RUN_CREATED', 'RUN_FAILED']);
    const tracking = new TrackingClient(server);
    const runId = await tracking.newRun({ name: 'the run' });
    await tracking.finishRun({ runId, status: 'FAILED' });
    await tracking.finishRun({ runId, status: 'RUNNING' });
    await tracking.finishRun({ runId, status: 'FINISHED' });
    const received = await receiver.count('/runs', 2);
    expect(
      received.map(({ body }) => [body.entity, body.action, body.data.run_id, body.data.status]),
    ).toEqual(
      expect.arrayContaining([
        ['run', 'created', runId, undefined],
        ['run', 'failed', runId, 'FAILED'],
      ]),
    );
  });

  test('nothing to who is disabled, or in another project; and a change that is refused is no event', async () => {
    await create('/disabled', ['REGISTERED_MODEL_CREATED'], { status: 'DISABLED' });
    const stranger = await server.as('admin', 'elsewhere');
    await create('/elsewhere', ['REGISTERED_MODEL_CREATED'], {}, stranger);
    await create('/watcher', ['REGISTERED_MODEL_CREATED']);
    await newModel('watched');
    expect((await mlflow.call('POST', 'registered-models/create', { name: 'watched' })).status).toBe(400);
    await newModel('watched too');
    const received = await receiver.count('/watcher', 2);
    expect(received.map(({ body }) => body.data.name).sort()).toEqual(['watched', 'watched too']);
    expect(receiver.at('/disabled')).toEqual([]);
    expect(receiver.at('/elsewhere')).toEqual([]);
  });
});

describe('a delivery', () => {
  test('is tried again where the receiver is not ready, under the same id, and the record says so', async () => {
    const claim = jest.spyOn(WebhookStore.prototype, 'claim');
    receiver.next(
      '/later',
      (response) => {
        claim.mockResolvedValue([]); // until the record was looked at
        response.writeHead(503).end();
      },
      (response) => response.destroy(),
    );
    const { webhook } = await create('/later', ['REGISTERED_MODEL_CREATED'], { secret: 's' });
    await newModel('later');
    await receiver.count('/later', 1);
    const pending = await recorded(webhook.id, ({ responseStatus }) => responseStatus === 503);
    expect(pending).toMatchObject({ state: 'PENDING', attempts: 1, error: 'It answered 503.' });
    expect(pending.dueAt).not.toBeNull();
    claim.mockRestore();
    const received = await receiver.count('/later', 3);
    expect(new Set(received.map(({ headers }) => headers['x-mlflow-delivery-id']))).toEqual(
      new Set([pending.id]),
    );
    expect(new Set(received.map(({ raw }) => raw))).toEqual(new Set([pending.body]));
    expect(received.every((one) => isSigned(one, 's'))).toBe(true);
    const ended = await recorded(webhook.id, ({ state }) => state === 'DELIVERED');
    expect(ended).toMatchObject({ attempts: 3, responseStatus: 200, error: null, dueAt: null });
    expect(await deliveries(webhook.id, 'FAILED')).toEqual([]);
  });

  test.each([
    ['/refusing', 404, 'It answered 404.'],
    ['/elsewhere-now', 307, 'It answered 307, and redirects are not followed.'],
  ])('%s: %d is not tried again', async (path, status, error) => {
    receiver.next(path, (response) =>
      response.writeHead(status, { location: receiver.url('/followed') }).end('no'),
    );
    const { webhook } = await create(path, ['REGISTERED_MODEL_CREATED']);
    await newModel(`model for ${path.slice(1)}`);
    expect(await recorded(webhook.id, ({ state }) => state === 'FAILED')).toMatchObject({
      ...{ attempts: 1, responseStatus: status, error, dueAt: null },
    });
    expect(receiver.at('/followed')).toEqual([]);
  });

  test('to an address that is not public and not allowed is never made', async () => {
    const other = await WebhookReceiver.start();
    const { webhook } = await create('/closed', ['REGISTERED_MODEL_CREATED'], { url: other.url('/inside') });
    await newModel('for nobody');
    const { error } = await recorded(webhook.id, ({ state }) => state === 'FAILED');
    expect(error).toContain('WEBHOOK_PRIVATE_HOSTS');
    const named = { webhookId: webhook.id, url: other.url('/inside').replace('127.0.0.1', 'localhost') };
    expect((await update(named)).__typename).toBe('UpdateWebhookSuccess');
    const { test: tried } = await mutate('testWebhook', { webhookId: webhook.id }, 'test { success error }');
    expect(tried).toMatchObject({ success: false, error: expect.stringContaining('“localhost”') });
    expect(other.at('/inside')).toEqual([]);
    await other.stop();
  });

  test('that hangs holds up nobody else, and one that was broken off by a restart is made after it', async () => {
    receiver.next('/hanging', () => undefined);
    const { webhook } = await create('/hanging', ['REGISTERED_MODEL_CREATED']);
    await create('/beside', ['REGISTERED_MODEL_CREATED']);
    await newModel('held up');
    await receiver.count('/hanging', 1);
    await receiver.count('/beside', 1);
    await server.restart();
    const received = await receiver.count('/hanging', 2);
    const ids = new Set(received.map(({ headers }) => headers['x-mlflow-delivery-id']));
    expect(ids.size).toBe(1);
    expect(await recorded(webhook.id, ({ state }) => state === 'DELIVERED')).toMatchObject({
      responseStatus: 200,
    });
  });
});

describe('webhooks', () => {
  test('are listed, changed and deleted; a secret is never shown', async () => {
    const { webhook } = await create('/mine', ['RUN_KILLED'], {
      secret: 'hidden words',
      description: 'what for',
    });
    expect(webhook).toMatchObject({ events: ['RUN_KILLED'], hasSecret: true, status: 'ACTIVE' });
    const changed = await update({ webhookId: webhook.id, events: ['RUN_FAILED', 'RUN_FAILED'], secret: '' });
    expect(changed.webhook).toMatchObject({
      ...{ name: '/mine', events: ['RUN_FAILED'], hasSecret: false, description: 'what for' },
    });
    const { webhooks } = await server.data<{ webhooks: { nodes: Webhook[] } }>(
      `{ webhooks(first: 1) { nodes { ${WEBHOOK} } pageInfo { hasNextPage } } }`,
    );
    expect(webhooks).toMatchObject({ nodes: [changed.webhook], pageInfo: { hasNextPage: true } });
    expect(JSON.stringify([webhook, webhooks])).not.toContain('hidden words');
    expect(await mutate('deleteWebhook', { webhookId: webhook.id }, 'name')).toMatchObject({ name: '/mine' });
    expect(await mutate('deleteWebhook', { webhookId: webhook.id }, 'name')).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test.each([
    [{ url: 'ftp://example.org' }, 'url'],
    [{ url: 'http://user:secret@example.org' }, 'url'],
    [{ url: 'nonsense' }, 'url'],
    [{ url: `https://example.org/${'a'.repeat(2_100)}` }, 'url'],
    [{ events: [] }, 'events'],
    [{ name: '' }, 'name'],
    [{ secret: 's'.repeat(1_001) }, 'secret'],
  ])('what is wrong with it is said (%#)', async (wrong, path) => {
    const refused = await create('/x', ['RUN_FAILED'], wrong);
    expect(refused).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path }] });
  });

  test('a test is answered with what the receiver said', async () => {
    receiver.next('/tried', (response) => response.writeHead(418).end('a teapot'));
    const { webhook } = await create('/tried', ['MODEL_VERSION_CREATED', 'RUN_FAILED'], { secret: 's' });
    const input = { webhookId: webhook.id, event: 'RUN_FAILED' };
    const { test: refused } = await mutate(
      'testWebhook',
      input,
      'test { success responseStatus responseBody error }',
    );
    expect(refused).toEqual({ success: false, responseStatus: 418, responseBody: 'a teapot', error: null });
    const { test: taken } = await mutate(
      'testWebhook',
      { webhookId: webhook.id },
      'test { success responseBody }',
    );
    expect(taken).toEqual({ success: true, responseBody: 'taken' });
    const [first, second] = receiver.at('/tried');
    expect(first?.body).toMatchObject({ entity: 'run', action: 'failed' });
    expect(second?.body).toMatchObject({ entity: 'model_version', data: { source: 'models:/123' } });
    expect(second && isSigned(second, 's')).toBe(true);
    expect(await deliveries(webhook.id)).toEqual([]);
  });

  test('at MLflow’s door: those whose events it has words for', async () => {
    const { webhook: ours } = await create('/only-ours', ['RUN_FAILED']);
    const { webhook: mixed } = await create('/mixed', ['RUN_FAILED', 'PROMPT_CREATED']);
    expect((await mlflow.call('GET', `webhooks/${ours.id}`)).status).toBe(404);
    const patch = { events: [{ entity: 'MODEL_VERSION', action: 'CREATED' }] };
    expect(await mlflow.must('PATCH', `webhooks/${mixed.id}`, patch)).toMatchObject({ webhook: patch });
    const { node } = await server.data('query ($id: ID!) { node(id: $id) { ... on Webhook { events } } }', {
      id: mixed.id,
    });
    expect(node).toEqual({ events: ['MODEL_VERSION_CREATED', 'RUN_FAILED'] });
    const { webhooks } = await mlflow.must<{ webhooks: { webhook_id: string }[] }>('GET', 'webhooks');
    const ids = webhooks.map(({ webhook_id }) => webhook_id);
    expect([ids.includes(mixed.id), ids.includes(ours.id)]).toEqual([true, false]);
  });

  test('are an admin’s business', async () => {
    const deployer = await server.as('deployer');
    const { webhook } = await create('/secret', ['RUN_FAILED']);
    const { node } = await deployer.data('query ($id: ID!) { node(id: $id) { id } }', { id: webhook.id });
    expect(node).toBeNull();
    const answer = await new MlflowClient(deployer).call('GET', 'webhooks');
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
    const stranger = await server.as('admin', 'elsewhere');
    const seen = await stranger.data('query ($id: ID!) { node(id: $id) { id } }', { id: webhook.id });
    expect(seen).toEqual({ node: null });
  });
});
