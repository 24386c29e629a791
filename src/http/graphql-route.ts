import { isUtf8 } from 'node:buffer';
import { HeaderMap, type ApolloServer } from '@apollo/server';
import { OperationContext } from '../graphql/context';
import type { Operations } from '../graphql/operations';
import type { Services } from '../graphql/resolvers';
import { answerGraphqlError, answerText, SAFE_HEADERS } from '../kernel/http/http-answer';
import { BodyTooLarge, useBody } from '../kernel/http/http-body';
import { headerOf } from '../kernel/http/http-header';
import { parseLifted } from '../kernel/json/lifted-base64';
import type { LargeMemory } from '../kernel/large-memory';
import { answerPlainOperation } from './plain-operation';
import type { HttpRequest, HttpResponse, Route } from '../kernel/http/http-exchange';

/** The headers that decide how GraphQL over HTTP is read and answered, and whether a browser was tricked. */
const RELEVANT_HEADERS = ['accept', 'content-type', 'apollo-require-preflight', 'x-apollo-operation-name'];

interface GraphqlRouteInput {
  readonly apollo: ApolloServer<OperationContext>;
  readonly operations: Operations;
  readonly services: Services;
  /** Where large tensors lie. */
  readonly memory: LargeMemory;
}

/** `POST /graphql`, and `GET` for queries. */
export function graphqlRoute({ apollo, operations, services, memory }: GraphqlRouteInput): Route {
  const sent = (context: OperationContext) => {
    context.sent();
    for (const bytes of context.spentBytes()) memory.giveBack(bytes);
  };
  return async ({ request, response, search }, actor) => {
    let received: ReceivedBody;
    try {
      const read = request.method === 'POST' ? readJson(request, memory) : nothingReceived();
      received = read instanceof Promise ? await read : read; // nothing waits where nothing must
    } catch (error) {
      if (error instanceof BodyTooLarge)
        return answerGraphqlError(response, 413, 'BAD_REQUEST', error.message);
      if (!(error instanceof SyntaxError)) throw error;
      return answerGraphqlError(response, 400, 'BAD_REQUEST', `The body is not JSON: ${error.message}`);
    }
    const { body, receivedAt } = received;
    const isAbandoned = () => response.destroyed;
    const header = (name: string) => headerOf(request, name);
    const context = new OperationContext(services, actor, undefined, isAbandoned, header, receivedAt);
    const plain = await answerPlainOperation(operations, request, body, context);
    if (plain) {
      answerText(response, plain.status, plain.contentType, plain.body);
      return sent(context);
    }
    const answered = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: request.method ?? 'GET', headers: headersOf(request), body, search },
      context: () => Promise.resolve(context),
    });
    // Incremental delivery is off: Apollo answers in one piece.
    if (answered.body.kind !== 'complete') throw new Error('Apollo answered in chunks.');
    send(response, answered.status ?? 200, Object.fromEntries(answered.headers), answered.body.string);
    sent(context);
  };
}

/** With its length, or the answer would go out in chunks. */
function send(response: HttpResponse, status: number, headers: Record<string, string>, body: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, {
    ...SAFE_HEADERS,
    'cache-control': 'no-store',
    ...headers,
    'content-length': length,
  });
  response.end(body);
}

interface ReceivedBody {
  readonly body: unknown;
  /** When its bytes were there, on performance.now()'s clock. */
  readonly receivedAt: number;
}

const nothingReceived = (): ReceivedBody => ({ body: undefined, receivedAt: performance.now() });

function readJson(request: HttpRequest, memory: LargeMemory): ReceivedBody | Promise<ReceivedBody> {
  // Another content type is Apollo's to refuse, with the right status.
  const isJson = request.headers['content-type']?.startsWith('application/json');
  return useBody(request, (bytes) => {
    const receivedAt = performance.now();
    // Decoding would put another character in its place, and a model would be asked what nobody has said.
    if (isJson && !isUtf8(bytes)) throw new SyntaxError('it is not UTF-8');
    return { body: isJson ? parseLifted(bytes, memory) : bytes.toString(), receivedAt };
  });
}

function headersOf(request: HttpRequest): HeaderMap {
  const headers = new HeaderMap();
  for (const name of RELEVANT_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  return headers;
}
