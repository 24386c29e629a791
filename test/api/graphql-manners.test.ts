import { createClient } from 'graphql-ws';
import { getIntrospectionQuery } from 'graphql';
import { WebSocket } from 'ws';
import { Database } from '../../src/kernel/database/database';
import { startTestServer, type Answer, type TestServer } from '../support/test-server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

const post = (init: RequestInit) => fetch(`${server.url}/graphql`, { method: 'POST', ...init });
const json = { 'content-type': 'application/json' };

/** The same operation through the other door. */
async function overWebSocket(query: string): Promise<Pick<Answer, 'errors'>> {
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: server.headers,
    retryAttempts: 0,
  });
  try {
    return await new Promise((resolve, reject) => {
      client.subscribe(
        { query },
        {
          next: (result) => resolve(result as unknown as Answer),
          error: (errors) =>
            Array.isArray(errors) ? resolve({ errors: errors as Answer['errors'] }) : reject(errors as Error),
          complete: () => undefined,
        },
      );
    });
  } finally {
    await client.dispose();
  }
}

test('a body that is not JSON is answered as GraphQL JSON', async () => {
  const response = await post({ headers: { ...server.headers, ...json }, body: '{"query": ' });
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});

test('a body that is not UTF-8 is refused, rather than changed', async () => {
  const [before = '', after = ''] = JSON.stringify({ query: '{ __typename # \0 }' }).split('\\u0000');
  const body = Buffer.concat([Buffer.from(before), Buffer.from([0xe4]), Buffer.from(after)]);
  const response = await post({ headers: { ...server.headers, ...json }, body });
  expect(response.status).toBe(400);
  const message = 'The body is not JSON: it is not UTF-8';
  expect(await response.json()).toMatchObject({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
});

test('a body that is too large is 413', async () => {
  const body = JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(16 * 1024 * 1024) } });
  expect((await post({ headers: { ...server.headers, ...json }, body })).status).toBe(413);
});

test('a form that a browser may send without asking is refused', async () => {
  const response = await post({
    headers: { ...server.headers, 'content-type': 'text/plain' },
    body: '{"query":"{__typename}"}',
  });
  expect(response.status).toBe(400);
});

test.each(['application/json', 'multipart/mixed;subscriptionSpec=1.0, application/json'])(
  'a subscription over HTTP hears where subscriptions are told, whoever accepts %s',
  async (accept) => {
    const body = JSON.stringify({
      query: 'subscription { endpointLatency(endpoint: "none") { __typename } }',
    });
    const response = await post({ headers: { ...server.headers, ...json, accept }, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      errors: [
        expect.objectContaining({
          message: expect.stringContaining('graphql-transport-ws'),
          extensions: { code: 'BAD_REQUEST' },
        }),
      ],
    });
  },
);

test('batches of operations are refused', async () => {
  const response = await post({
    headers: { ...server.headers, ...json },
    body: '[{"query":"{__typename}"}]',
  });
  expect(response.status).toBe(400);
});

const tooMany = (count: number) => Array.from({ length: count }, (_, i) => `a${i}: __typename`).join(' ');
const LIMITS: [string, string, string][] = [
  ['too many tokens', `{ ${tooMany(700)} }`, 'GRAPHQL_PARSE_FAILED'],
  ['too many aliases', `{ ${tooMany(16)} }`, 'QUERY_TOO_COMPLEX'],
  [
    'too deep',
    `{ experiments { nodes { runs { nodes ${'{ parent '.repeat(10)}{ id }${' }'.repeat(10)} } } } }`,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'too costly',
    '{ experiments(first: 100) { nodes { runs(first: 100) { nodes { id } } } } }',
    'QUERY_TOO_COMPLEX',
  ],
  ['an unknown field', '{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
];

describe.each(LIMITS)('%s', (_what, query, code) => {
  test('is refused over HTTP with 400', async () => {
    const response = await post({
      headers: { ...server.headers, ...json, accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query }),
    });
    const { errors } = (await response.json()) as Answer;
    expect([response.status, errors?.[0]?.extensions.code]).toEqual([400, code]);
  });

  test('is refused over WebSocket', async () => {
    const { errors } = await overWebSocket(query);
    expect(errors?.[0]?.extensions.code).toBe(code);
  });
});

test('the introspection query of every tool passes', async () => {
  expect((await server.graphql(getIntrospectionQuery())).errors).toBeUndefined();
});

test('an error of ours is masked, on both doors, and named by a requestId', async () => {
  const broken = jest
    .spyOn(Database.prototype, 'query')
    .mockRejectedValue(new Error('secret table “passwords”'));
  try {
    for (const { errors } of [
      await server.graphql('{ models { nodes { id } } }'),
      await overWebSocket('{ models { nodes { id } } }'),
    ]) {
      expect(errors).toMatchObject([
        { extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) } },
      ]);
      expect(JSON.stringify(errors)).not.toContain('passwords');
    }
  } finally {
    broken.mockRestore();
  }
});

test('pages have bounds and cursors are checked', async () => {
  for (const query of [
    '{ models(first: 0) { nodes { id } } }',
    '{ models(first: 101) { nodes { id } } }',
    '{ models(after: "x") { nodes { id } } }',
  ]) {
    expect((await server.graphql(query)).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  }
});

test('what does not exist is null', async () => {
  const query =
    '{ node(id: "x") { id } run(id: "x") { id } model(name: "x") { id } modelVersion(ref: "x@y@z") { id } endpoint(name: "x") { id } dataset(name: "x") { id } experiment(name: "x") { id } }';
  const { data, errors } = await server.graphql(query);
  expect(errors).toBeUndefined();
  expect(Object.values(data as object)).toEqual(Array.from({ length: 7 }, () => null));
});
