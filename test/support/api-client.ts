import { createHash } from 'node:crypto';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are checked by the tests, field by field */
export type Answer = {
  data: any;
  errors?: { message: string; path?: unknown[]; extensions: Record<string, any> }[];
};
/* eslint-enable @typescript-eslint/no-explicit-any */
/** Weighed preferences are a matter for Apollo's pipeline: so the same tests run through it, and through ours. */
const PIPELINE_HEADERS: Record<string, string> =
  process.env.MODELGRAPH_TEST_PIPELINE === 'apollo' ? { accept: 'application/json;q=1' } : {};

type Variables = Record<string, unknown>;

/** The API as any client sees it. */
export class ApiClient {
  constructor(
    public url: string,
    public key: string,
  ) {}

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.key}` };
  }

  /** Posts an operation; top-level errors come back as they are. */
  async graphql(
    query: string,
    variables: Variables = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { ...this.headers, ...PIPELINE_HEADERS, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer;
  }

  /** As `graphql`, for operations that must work: gives the data, throws at errors. */
  async data(query: string, variables: Variables = {}): Promise<Answer['data']> {
    const { data, errors } = await this.graphql(query, variables);
    if (errors) throw new Error(errors.map(({ message }) => message).join('\n'));
    return data;
  }

  /** Uploads bytes and gives their SHA-256. */
  async upload(bytes: Uint8Array | string): Promise<string> {
    const body = Buffer.from(bytes);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const response = await fetch(`${this.url}/artifacts/sha256/${sha256}`, {
      method: 'PUT',
      headers: this.headers,
      body,
    });
    if (!response.ok) throw new Error(`Upload failed: ${response.status} ${await response.text()}`);
    return sha256;
  }

  /** Events of a subscription, in order. Leaving the loop ends it. */
  async *subscribe(query: string, variables: Variables = {}): AsyncGenerator<Answer> {
    const client = createClient({
      url: `${this.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: this.headers,
      retryAttempts: 0,
    });
    const events = client.iterate({ query, variables });
    try {
      for await (const event of events) yield event as unknown as Answer;
    } finally {
      await client.dispose();
    }
  }
}
