import { createHash } from 'node:crypto';
import { GraphQLObjectType } from 'graphql';
import { createSchema } from '../../src/graphql/schema';
import { ROLES } from '../../src/kernel/actor';
import type { ApiClient } from '../support/api-client';
import { attempt, EVERY_OPERATION, makeScene, type Scene } from '../support/every-operation';
import { startTestServer, type TestServer } from '../support/test-server';

/** Who may do what, in our own words: the server's table is what is tested. A guest has a role that nobody knows. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  guest: [],
  viewer: ['platform:read'],
  contributor: [
    'platform:read',
    'artifact:write',
    'dataset:write',
    'tracking:write',
    'registry:write',
    'endpoint:predict',
  ],
  deployer: [
    'platform:read',
    'artifact:write',
    'dataset:write',
    'tracking:write',
    'registry:write',
    'registry:promote',
    'endpoint:deploy',
    'endpoint:inspect',
    'endpoint:predict',
  ],
  admin: [
    'platform:read',
    'artifact:write',
    'dataset:write',
    'tracking:write',
    'tracking:purge',
    'registry:write',
    'registry:promote',
    'endpoint:deploy',
    'endpoint:inspect',
    'endpoint:predict',
    'server:observe',
    'webhook:manage',
  ],
};

/** What acting needs; reading and watching need `platform:read`, but for what is no project's. */
const NEEDED: Readonly<Record<string, string>> = {
  'Mutation.annotateDatasetVersion': 'dataset:write',
  'Mutation.createExperiment': 'tracking:write',
  'Mutation.createModel': 'registry:write',
  'Mutation.createWebhook': 'webhook:manage',
  'Mutation.deleteExperiment': 'tracking:write',
  'Mutation.deleteModel': 'registry:write',
  'Mutation.deleteEndpoint': 'endpoint:deploy',
  'Mutation.deleteModelVersion': 'registry:write',
  'Mutation.deleteRuns': 'tracking:write',
  'Mutation.deleteWebhook': 'webhook:manage',
  'Mutation.deployEndpoint': 'endpoint:deploy',
  'Mutation.describeRun': 'tracking:write',
  'Mutation.finishRun': 'tracking:write',
  'Mutation.logArtifact': 'tracking:write',
  'Mutation.logMetrics': 'tracking:write',
  'Mutation.logParams': 'tracking:write',
  'Mutation.predict': 'endpoint:predict',
  'Mutation.predictMany': 'endpoint:predict',
  'Mutation.promoteModelVersion': 'registry:promote',
  'Mutation.purgeDeleted': 'tracking:purge',
  'Mutation.purgeExperiment': 'tracking:purge',
  'Mutation.purgeRuns': 'tracking:purge',
  'Mutation.recordFeedback': 'endpoint:predict',
  'Mutation.recordFeedbackMany': 'endpoint:predict',
  'Mutation.registerDatasetVersion': 'dataset:write',
  'Mutation.registerModelVersion': 'registry:write',
  'Mutation.removeAlias': 'registry:promote',
  'Mutation.restoreExperiment': 'tracking:write',
  'Mutation.restoreRuns': 'tracking:write',
  'Mutation.rollbackAlias': 'registry:promote',
  'Mutation.setProjectRetention': 'tracking:purge',
  'Mutation.setRetention': 'tracking:purge',
  'Mutation.setTrafficSplit': 'endpoint:deploy',
  'Mutation.splitDatasetVersion': 'dataset:write',
  'Mutation.startRun': 'tracking:write',
  'Mutation.testWebhook': 'webhook:manage',
  'Mutation.updateExperiment': 'tracking:write',
  'Mutation.updateModel': 'registry:write',
  'Mutation.updateModelVersion': 'registry:write',
  'Mutation.updateRun': 'tracking:write',
  'Mutation.updateWebhook': 'webhook:manage',
  'Mutation.warmCache': 'endpoint:deploy',
};
const NEEDED_TO_READ: Readonly<Record<string, string>> = {
  'Query.webhooks': 'webhook:manage',
  'Query.workerLoad': 'server:observe',
};

const schema = createSchema();
const ROOT_FIELDS = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
  (type) =>
    type instanceof GraphQLObjectType
      ? Object.values(type.getFields()).map((field) => ({
          ...field,
          operation: `${type.name}.${field.name}`,
        }))
      : [],
);
const needed = (operation: string) =>
  operation.startsWith('Mutation.') ? NEEDED[operation] : (NEEDED_TO_READ[operation] ?? 'platform:read');
const may = (role: string, permission: string | undefined) => MAY[role]?.includes(permission ?? '') ?? false;
const ROLES_TRIED = Object.keys(MAY);

interface Caller {
  readonly api: ApiClient;
  readonly scene: Scene;
}
let server: TestServer;
const callers = new Map<string, Caller>();
/** Each role has a scene of its own, which an admin has made: what one role ends, another still needs. */
beforeAll(async () => {
  server = await startTestServer();
  for (const role of ROLES_TRIED)
    callers.set(role, { api: await server.as(role), scene: await makeScene(server, `scene-${role}`) });
  await server.data(
    'mutation { setProjectRetention(input: { purgeDeletedAfterDays: 36500 }) { __typename } }',
  );
});
afterAll(() => server.stop());
function caller(role: string): Caller {
  const known = callers.get(role);
  if (!known) throw new Error(`Nobody has the role ${role}.`);
  return known;
}

test('every operation and every role has its row', () => {
  const operations = ROOT_FIELDS.map(({ operation }) => operation).sort();
  expect(Object.keys(EVERY_OPERATION).sort()).toEqual(operations);
  expect(Object.keys(NEEDED).sort()).toEqual(operations.filter((name) => name.startsWith('Mutation.')));
  expect(ROLES_TRIED).toEqual(['guest', ...ROLES]);
});

test.each(ROOT_FIELDS)(
  'the description of $operation says what it requires',
  ({ operation, description }) => {
    const [, told = 'platform:read'] = /Requires `(.+)`\.$/.exec(description ?? '') ?? [];
    expect(told).toBe(needed(operation));
  },
);

const CASES = ROLES_TRIED.flatMap((role) =>
  Object.keys(EVERY_OPERATION).map((operation) => ({
    role,
    operation,
    verdict: may(role, needed(operation)) ? 'allowed' : 'FORBIDDEN',
  })),
);
test.each(CASES)('$operation, role $role: $verdict', async ({ role, operation, verdict }) => {
  const { api, scene } = caller(role);
  const answer = await attempt(api, operation, scene);
  if (verdict === 'FORBIDDEN') {
    const permission = needed(operation);
    expect(answer.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', permission } }]);
    expect(Object.values(answer.data ?? {})).not.toContainEqual(expect.anything());
  } else {
    expect(answer.errors).toBeUndefined();
    const [member] = Object.values(answer.data);
    expect(member).not.toBeNull();
    if (operation.startsWith('Mutation.'))
      expect(member).toMatchObject({ __typename: expect.stringMatching(/Success$/) });
    expect(JSON.stringify(member)).not.toContain('Error');
  }
});

describe.each(ROLES_TRIED)('artifacts, role %s:', (role) => {
  const call = (bytes: string, init: RequestInit) =>
    fetch(`${server.url}/artifacts/sha256/${createHash('sha256').update(bytes).digest('hex')}`, {
      ...init,
      headers: caller(role).api.headers,
    });
  const forbidden = (permission: string) => ({
    code: 'FORBIDDEN',
    message: expect.stringContaining(permission),
  });

  test('sending', async () => {
    const response = await call(`of ${role}`, { method: 'PUT', body: `of ${role}` });
    if (may(role, 'artifact:write')) return expect(response.status).toBe(201);
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual(forbidden('artifact:write'));
  });

  test('reading', async () => {
    await server.upload('of all');
    const response = await call('of all', { method: 'GET' });
    expect((await call('of all', { method: 'HEAD' })).status).toBe(response.status);
    if (may(role, 'platform:read')) return expect(await response.text()).toBe('of all');
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual(forbidden('platform:read'));
  });
});

test('what was forbidden has left no trace', async () => {
  const { name } = caller('viewer').scene;
  const found = await server.data(
    `query ($new: String!, $name: String!) {
      experiment(name: $new) { id } model(name: $new) { id } endpoint(name: $new) { id } dataset(name: $new) { id }
      live: model(name: $name) { alias(name: "production") { version { ref } } candidate: alias(name: "candidate") { name } }
    }`,
    { name, new: `${name}-new` },
  );
  expect(found).toEqual({
    experiment: null,
    model: null,
    endpoint: null,
    dataset: null,
    live: { alias: { version: { ref: `${name}@1.0.1` } }, candidate: null },
  });
});
