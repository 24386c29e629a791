import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { startTestServer, type TestServer } from '../support/test-server';

describe('credentials', () => {
  let server: TestServer;
  beforeAll(async () => (server = await startTestServer()));
  afterAll(() => server.stop());

  test.each(['/graphql', '/artifacts/sha256/00', '/anything', '/v2/health/ready'])(
    '%s answers 401 to a stranger',
    async (path) => {
      const response = await fetch(`${server.url}${path}`);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    },
  );

  test.each([
    ['http://a/livez', 200],
    ['HTTP://a:80/livez?x', 200],
    ['http://a', 200],
    ['http://a/v2/health/ready', 401],
  ])('%s, whole as clients of proxies write it, is answered %i to a stranger', async (path, status) => {
    const { hostname, port } = new URL(server.url);
    const [response] = (await once(get({ hostname, port, path }), 'response')) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(status);
  });

  test('a stranger on /graphql is answered in GraphQL’s own form', async () => {
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', body: '{}' });
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  test('a wrong key is refused, the admin key is not', async () => {
    const query = '{ __typename }';
    expect(
      (await server.graphql(query, {}, { authorization: `Bearer mg_${'x'.repeat(43)}` })).errors,
    ).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(await server.graphql(query)).toEqual({ data: { __typename: 'Query' } });
  });

  test('a project that does not exist is forbidden', async () => {
    const { errors } = await server.graphql('{ __typename }', {}, { 'x-modelgraph-project': 'nowhere' });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  test('health needs no credential', async () => {
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    const ready = await fetch(`${server.url}/readyz`);
    expect(await ready.json()).toEqual({ status: 'ready', failing: [] });
  });

  test('the explorer is a page for everybody, and needs nothing from elsewhere', async () => {
    const page = await (await fetch(`${server.url}/`)).text();
    expect(page).toContain('<title>Modelgraph</title>');
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)="?https?:/);
  });

  test.each([
    ['none', undefined],
    ['a wrong one', { authorization: 'Bearer nonsense-nonsense-nonsense' }],
  ])('a WebSocket with %s is closed with 4401', async (_what, connectionParams) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: connectionParams })),
    );
    expect(await closed).toBe(4401);
  });

  test('the key survives a restart', async () => {
    await server.restart();
    expect(await server.graphql('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  });
});
