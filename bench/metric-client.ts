import { WebSocket } from 'ws';
import { Connection } from './connection';
import { expectType, type ModelgraphServer } from './modelgraph-server';

const START_RUN = `mutation StartRun($input: StartRunInput!) {
  startRun(input: $input) { __typename ... on StartRunSuccess { run { id } } ... on UserError { code message } }
}`;
const LOG_METRICS = `mutation LogMetrics($input: LogMetricsInput!) {
  logMetrics(input: $input) { __typename ... on UserError { code message } }
}`;
const HISTORY = `query History($id: ID!, $keys: [String!]!, $maxPoints: Int, $from: BigInt, $to: BigInt) {
  run(id: $id) { metricHistory(keys: $keys, maxPoints: $maxPoints, fromStep: $from, toStep: $to) { steps values } }
}`;
const COUNTS = 'query Counts($id: ID!) { run(id: $id) { metrics { key count } } }';
const FOLLOW = `subscription Follow($id: ID!) {
  runMetrics(runId: $id) { __typename ... on RunMetricsAppended { series { steps } } }
}`;

export interface Points {
  readonly key: string;
  readonly firstStep: number;
  readonly count: number;
}

export interface Columns {
  readonly steps: readonly (number | string)[];
  readonly values: readonly (number | string)[];
}

export const valueAt = (step: number): number => Math.sin(step / 5_000) + (step % 7) / 100;

/** Tracking over kept connections, each with one request at a time; it costs the load little. */
export class MetricClient {
  private constructor(
    private readonly server: ModelgraphServer,
    private readonly connection: Connection,
  ) {}

  static async open(server: ModelgraphServer): Promise<MetricClient> {
    return new MetricClient(server, await Connection.open(new URL(server.url)));
  }

  close = (): void => this.connection.close();

  async startRun(): Promise<string> {
    const answer = await this.call<{ startRun: { __typename: string; run: { id: string } } }>(START_RUN, {
      input: { experiment: 'bench' },
    });
    return expectType(answer.startRun, 'StartRunSuccess').run.id;
  }

  /** Bytes of a call, made before anything is measured. */
  logRequest(runId: string, { key, firstStep, count }: Points): Buffer {
    const points = Array.from({ length: count }, (_, index) => {
      const step = firstStep + index;
      return { key, step, value: valueAt(step) };
    });
    return this.request(LOG_METRICS, { input: { runId, points } });
  }

  /** Whatever is no success ends the bench. */
  async log(request: Buffer): Promise<void> {
    const { status, body } = await this.connection.ask(request);
    if (status !== 200 || !body.includes('"LogSuccess"'))
      throw new Error(`A call was answered ${status}: ${body.toString('utf8', 0, 500)}`);
  }

  async history(id: string, key: string, maxPoints: number, range: readonly [number, number] | null = null) {
    const [from, to] = range ?? [null, null];
    const { run } = await this.call<{ run: { metricHistory: readonly Columns[] } }>(HISTORY, {
      ...{ id, keys: [key], maxPoints, from, to },
    });
    return run.metricHistory[0] ?? { steps: [], values: [] };
  }

  async count(id: string, key: string): Promise<number> {
    const { run } = await this.call<{ run: { metrics: { key: string; count: number }[] } }>(COUNTS, { id });
    return Number(run.metrics.find((one) => one.key === key)?.count);
  }

  /** Calls `hear` with the steps of each addition, from the snapshot on, which `follow` waits for. */
  follow(id: string, hear: (steps: readonly number[]) => void): Promise<() => void> {
    const socket = new WebSocket(`${this.server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const say = (message: object) => socket.send(JSON.stringify(message));
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () =>
        say({ type: 'connection_init', payload: { authorization: `Bearer ${this.server.key}` } }),
      );
      socket.on('message', (data: Buffer) => {
        const { type, payload } = JSON.parse(data.toString('utf8')) as Message;
        if (type === 'connection_ack')
          return say({ id: '1', type: 'subscribe', payload: { query: FOLLOW, variables: { id } } });
        const event = payload?.data?.runMetrics;
        if (event?.__typename === 'RunMetricsSnapshot') return resolve(() => socket.terminate());
        if (event?.__typename !== 'RunMetricsAppended')
          throw new Error(`A subscriber heard: ${String(data)}`);
        for (const { steps } of event.series) hear(steps);
      });
    });
  }

  private async call<Data>(query: string, variables: object): Promise<Data> {
    const { status, body } = await this.connection.ask(this.request(query, variables));
    const { data, errors } = JSON.parse(body.toString('utf8')) as { data?: Data; errors?: unknown };
    if (status !== 200 || errors || !data)
      throw new Error(`/graphql answered ${status}: ${body.toString('utf8', 0, 500)}`);
    return data;
  }

  private request(query: string, variables: object): Buffer {
    const body = Buffer.from(JSON.stringify({ query, variables }));
    const head = [
      'POST /graphql HTTP/1.1',
      `host: ${new URL(this.server.url).host}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
      `authorization: Bearer ${this.server.key}`,
    ];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
  }
}

interface Message {
  readonly type: string;
  readonly payload?: {
    readonly data?: {
      readonly runMetrics?: {
        readonly __typename: string;
        readonly series: readonly { readonly steps: readonly number[] }[];
      };
    };
  };
}
