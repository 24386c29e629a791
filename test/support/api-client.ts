import { createHash } from 'node:crypto';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** Fields of which only their names are known: what a test needs of them, it says. */
export type Fields = Readonly<Record<string, unknown>>;
/** What an operation is answered. Whoever reads the data says what it asked for; the expectations say what came. */
export interface Answer<Data = Fields> {
  readonly data: Data;
  readonly errors?: readonly AnswerError[];
}
interface AnswerError {
  readonly message: string;
  readonly path?: readonly unknown[];
  readonly extensions: Fields;
}
/**
 * What every member of a result union may have. A client adds the fields of the others: the test says which one it
 * expects.
 */
export interface Member {
  readonly __typename: string;
  readonly code: string;
  readonly message: string;
  readonly issues: readonly { readonly path: string; readonly expected: string; readonly actual: string }[];
}
/** Weighed preferences are a matter for Apollo's pipeline: so the same tests run through it, and through ours. */
const isLongWay = process.env.MODELGRAPH_TEST_PIPELINE === 'apollo';
const PIPELINE_HEADERS: Record<string, string> = isLongWay ? { accept: 'application/json;q=1' } : {};
/**
 * A name that only node:http reads: so the same tests run through it, and through our own reading of plain requests.
 */
const HTTP_HEADERS: Record<string, string> = isLongWay ? { x_read_by: 'node:http' } : {};

type Variables = Record<string, unknown>;

/** The API as any client sees it. */
export class ApiClient {
  constructor(
    public url: string,
    public key: string,
    /** Name of another project to act in; the key's own if absent. */
    private readonly project?: string,
  ) {}

  get headers(): Record<string, string> {
    const authorization = `Bearer ${this.key}`;
    return this.project === undefined
      ? { authorization, ...HTTP_HEADERS }
      : { authorization, ...HTTP_HEADERS, 'x-modelgraph-project': this.project };
  }

  /** Posts an operation; top-level errors come back as they are. */
  async graphql<Data = Fields>(
    query: string,
    variables: Variables = {},
    headers: Record<string, string> = {},
  ): Promise<Answer<Data>> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { ...this.headers, ...PIPELINE_HEADERS, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<Data>;
  }

  /** As `graphql`, for operations that must work: gives the data, throws at errors. */
  async data<Data = Fields>(query: string, variables: Variables = {}): Promise<Data> {
    const { data, errors } = await this.graphql<Data>(query, variables);
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
  async *subscribe<Data = Fields>(
    query: string,
    variables: Variables = {},
  ): AsyncGenerator<Answer<Data>, undefined> {
    const client = createClient({
      url: `${this.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: this.headers,
      retryAttempts: 0,
    });
    const events = client.iterate({ query, variables });
    try {
      for await (const event of events) yield event as unknown as Answer<Data>;
    } finally {
      await client.dispose();
    }
  }
}
