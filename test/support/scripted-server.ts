import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of one request. */
export type Turn =
  /** Done, and answered. */
  | 'ok'
  /** The connection breaks before anything is done. */
  | 'lost'
  /** Done, but the connection breaks before the answer. */
  | 'answer-lost'
  /** Nobody ever answers. */
  | 'silent'
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };

interface Input {
  readonly runId: string;
  readonly points?: readonly {
    readonly key: string;
    readonly step: number | string;
    readonly value: unknown;
  }[];
  readonly idempotencyKey?: string;
  readonly status?: string;
}

/**
 * An HTTP server that keeps points as ours does (a key again is the same request again, another input under it is
 * refused), and that fails as it is told, request by request.
 */
export class ScriptedServer {
  readonly points: { readonly key: string; readonly step: number | string; readonly value: unknown }[] = [];
  readonly statuses: string[] = [];
  /** Requests that came, whatever became of them. */
  requests = 0;
  /** When they came, in ms on performance.now()'s clock. */
  readonly times: number[] = [];
  private readonly inputs = new Map<string, string>();
  private readonly server: Server;

  private constructor(
    /** The turns of the next requests; afterwards all are `ok`. */
    public script: Turn[],
    /** A refusal of the result union for these inputs; null takes them. */
    private readonly refusal: (input: Input) => { readonly code: string } | null,
  ) {
    this.server = createServer((request, response) => void this.handle(request, response));
  }

  static async start(
    script: Turn[] = [],
    refusal: (input: Input) => { readonly code: string } | null = () => null,
    port = 0,
  ): Promise<ScriptedServer> {
    const scripted = new ScriptedServer(script, refusal);
    scripted.server.listen(port, '127.0.0.1');
    await once(scripted.server, 'listening');
    return scripted;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get steps(): (number | string)[] {
    return this.points.map(({ step }) => step);
  }

  /** Resolves when so many requests have come, whatever became of them. */
  async reached(requests: number): Promise<void> {
    while (this.requests < requests) await once(this.server, 'request');
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    this.times.push(performance.now());
    let text = '';
    for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
    const turn = this.script.shift() ?? 'ok';
    if (turn === 'lost') return void request.socket.destroy();
    if (turn === 'silent') return;
    if (typeof turn === 'object') return answer(response, turn.status, turn.body ?? '', turn.headers);
    const body = this.done(JSON.parse(text) as { query: string; variables: { input: Input; id?: string } });
    if (turn === 'answer-lost') return void request.socket.destroy();
    answer(response, 200, body);
  }

  private done({ query, variables }: { query: string; variables: { input: Input; id?: string } }): object {
    const run = { id: 'run-1', name: 'scripted', status: 'RUNNING' };
    if (query.startsWith('query')) return { data: { run: { ...run, id: variables.id } } };
    const { input } = variables;
    const refused = this.refusal(input);
    if (refused) return refusedWith(refused.code);
    const { idempotencyKey: key } = input;
    const seen = key === undefined ? undefined : this.inputs.get(key);
    if (seen !== undefined && seen !== JSON.stringify(input)) return refusedWith('INVALID_INPUT');
    if (key !== undefined) this.inputs.set(key, JSON.stringify(input));
    if (seen === undefined) this.points.push(...(input.points ?? []));
    if (input.status !== undefined) this.statuses.push(input.status);
    return { data: { result: { __typename: 'LogSuccess', run } } };
  }
}

const refusedWith = (code: string) => ({
  data: { result: { __typename: 'SomeError', code, message: `No: ${code}.` } },
});

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
