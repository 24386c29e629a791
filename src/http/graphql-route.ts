import { HeaderMap, type ApolloServer } from '@apollo/server';
import type { IncomingMessage } from 'node:http';
import { OperationContext } from '../graphql/context';
import type { Services } from '../graphql/resolvers';
import { answerGraphqlError, SAFE_HEADERS } from './answer';
import { BodyTooLarge, readBody } from './body';
import type { Route } from './route';

/** The headers that decide how GraphQL over HTTP is read and answered, and whether a browser was tricked. */
const RELEVANT_HEADERS = ['accept', 'content-type', 'apollo-require-preflight', 'x-apollo-operation-name'];

/** `POST /graphql`, and `GET` for queries. */
export function graphqlRoute(apollo: ApolloServer<OperationContext>, services: Services): Route {
  return async ({ request, response, search }, actor) => {
    let body: unknown;
    try {
      body = request.method === 'POST' ? await readJson(request) : undefined;
    } catch (error) {
      if (error instanceof BodyTooLarge)
        return answerGraphqlError(response, 413, 'BAD_REQUEST', error.message);
      if (!(error instanceof SyntaxError)) throw error;
      return answerGraphqlError(response, 400, 'BAD_REQUEST', `The body is not JSON: ${error.message}`);
    }
    const answered = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: request.method ?? 'GET', headers: headersOf(request), body, search },
      context: () => Promise.resolve(new OperationContext(services, actor)),
    });
    const headers: Record<string, string> = { ...SAFE_HEADERS };
    for (const [name, value] of answered.headers) headers[name] = value;
    response.writeHead(answered.status ?? 200, headers);
    if (answered.body.kind === 'complete') {
      response.end(answered.body.string);
      return;
    }
    for await (const chunk of answered.body.asyncIterator) response.write(chunk);
    response.end();
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request);
  // Another content type is Apollo's to refuse, with the right status.
  if (!request.headers['content-type']?.startsWith('application/json')) return body.toString();
  return JSON.parse(body.toString()) as unknown;
}

function headersOf(request: IncomingMessage): HeaderMap {
  const headers = new HeaderMap();
  for (const name of RELEVANT_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  return headers;
}
