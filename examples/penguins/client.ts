import { createHash } from 'node:crypto';
import { type Client as SocketClient, createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { dataOf, type GraphQLAnswer } from './answer';
import type { Operation } from './operations/operation';
import { Subscription } from './subscription';

/** Registering waits until a worker has loaded the model: nothing else takes longer. */
const REQUEST_TIMEOUT_MS = 60_000;

/** All a client needs: GraphQL by POST, subscriptions by WebSocket, bytes by PUT. */
export class Client {
  private readonly socket: SocketClient;
  private readonly authorization: string;

  constructor(
    readonly url: string,
    key: string,
  ) {
    this.authorization = `Bearer ${key}`;
    this.socket = createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: this.authorization },
      retryAttempts: 0, // a lost connection ends the story: what was missed must not go unnoticed
    });
  }

  /** Runs a query or a mutation. Errors of the union come back as data; all others are thrown. */
  async call<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: this.authorization,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
      },
      body: JSON.stringify({ query: operation.text, variables }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    return dataOf<Data>(await answerOf<Data>(response));
  }

  /** Runs a subscription. Its errors are thrown to whoever reads it. */
  subscribe<Data, Variables extends Record<string, unknown>>(
    operation: Operation<Data, Variables>,
    variables: Variables,
  ): Subscription<Data> {
    const answers = this.socket.iterate<Data>({ query: operation.text, variables });
    return new Subscription(answers);
  }

  /** Stores bytes under their SHA-256, which is what the rest of the API calls them by. */
  async upload(bytes: Uint8Array): Promise<{ sha256: string; created: boolean }> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const response = await fetch(`${this.url}/artifacts/sha256/${sha256}`, {
      method: 'PUT',
      headers: { authorization: this.authorization, 'content-type': 'application/octet-stream' },
      body: Uint8Array.from(bytes),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`The upload of ${sha256} was answered ${response.status}: ${answer}`);
    return { sha256, created: response.status === 201 };
  }

  async close(): Promise<void> {
    await this.socket.dispose();
  }
}

async function answerOf<Data>(response: Response): Promise<GraphQLAnswer<Data>> {
  const body = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  if (!isJson)
    throw new Error(`/graphql answered ${response.status}, and not in JSON: ${body.slice(0, 200)}`);
  return JSON.parse(body) as GraphQLAnswer<Data>;
}
