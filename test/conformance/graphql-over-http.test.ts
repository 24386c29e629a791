import { serverAudits } from 'graphql-http';
import { startTestServer, type TestServer } from '../support/test-server';

/** Where we differ on purpose: the audit's id, and why. */
const ACCEPTED = new Map([
  ['572B', 'a document that does not parse is 400 for application/json too, as Apollo answers it'],
  ['FDE2', 'the same for a document that is not valid'],
  ['7B9B', 'the same for a variable that does not fit its type'],
]);

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

/** The audits know no credentials and send GETs that CSRF protection rightly refuses from a browser. */
const fetchFn = (url: string, init: RequestInit = {}) =>
  fetch(url, {
    ...init,
    headers: {
      ...server.headers,
      'apollo-require-preflight': 'audit',
      ...(init.headers as Record<string, string>),
    },
  });

describe('GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => `${server.url}/graphql`, fetchFn });

  test.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))(
    '%s',
    async (_name, audit) => {
      const result = await audit.fn();
      expect(result.status).toBe(ACCEPTED.has(audit.id) ? 'warn' : 'ok'); // an improvement is noticed too
    },
  );
});
