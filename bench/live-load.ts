import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { Connection } from './connection';
import { ROWS_ENDPOINT } from './row-targets';
import { quantile } from './statistics';
import { requestsTo } from './targets';

/** What it is told to do; one a line on its standard input. */
export interface LiveOrder {
  readonly url: string;
  readonly key: string;
  readonly subscribers: number;
  readonly predictionsPerSecond: number;
  /** The first part is not measured. */
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** What it saw; one a line on its standard output. */
export interface LiveReport {
  readonly predictions: number;
  readonly predictionsPerSecond: number;
  /** Deliveries, all subscribers together. */
  readonly deliveries: number;
  readonly deliveriesPerSecond: number;
  /** Of all that were to be delivered: every prediction to every subscriber. */
  readonly deliveredShare: number;
  /** From the time in the event to its receipt, both in whole milliseconds of the same clock. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** The load's own time on a CPU as a share of one core. */
  readonly ownCpuShare: number;
}

/** Above what is asked for, so that no prediction is left out. */
const MAX_PER_SECOND = 2_000;
const SUBSCRIPTION = `subscription Watch($endpoint: String!, $maxPerSecond: Int!) {
  predictionStream(endpoint: $endpoint, maxPerSecond: $maxPerSecond) {
    __typename
    ... on PredictionSample { at ordinal predictionId door variant rows batchSize cached error queueMs computeMs totalMs }
  }
}`;
/** Predictions of one step of the clock are sent together. */
const STEP_MS = 5;
/** Connections for predictions: more than are ever in flight. */
const CONNECTIONS = 64;
/** How long the last events may take to arrive. */
const LAST_EVENTS_MS = 5_000;
/** One of so many events is parsed and looked at as a whole; of the others only place and time are read. */
const CHECKED_ONE_IN = 64;

/** What all subscribers have heard. */
class Ears {
  readonly latenciesMs: number[] = [];
  deliveries = 0;
  isMeasuring = false;

  hear(atMs: number): void {
    this.deliveries += 1;
    if (this.isMeasuring) this.latenciesMs.push(Date.now() - atMs);
  }
}

interface Message {
  readonly type: string;
  readonly payload?: { readonly data?: { readonly predictionStream?: Sample } };
}
interface Sample {
  readonly __typename: string;
  readonly predictionId?: string | null;
  readonly error?: string | null;
}

/** One socket; it ends the load where an event is wrong, doubled or out of order. One that is missing is counted. */
class Subscriber {
  heard = 0;
  private readonly socket: WebSocket;

  private constructor(
    { url, key }: LiveOrder,
    private readonly ears: Ears,
    id: string,
    opened: () => void,
  ) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    this.socket.on('open', () =>
      this.say({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }),
    );
    this.socket.on('message', (data: Buffer) => {
      const text = data.toString('latin1');
      const ordinalAt = text.indexOf('"ordinal":');
      if (ordinalAt >= 0) return this.hear(text, parseInt(text.slice(ordinalAt + 10, ordinalAt + 30), 10));
      const { type, payload } = JSON.parse(text) as Message;
      if (type === 'connection_ack') return this.subscribe(id);
      if (payload?.data?.predictionStream?.__typename === 'PredictionStreamOpened') return opened();
      throw new Error(`A subscriber heard: ${text}`);
    });
  }

  static open(order: LiveOrder, ears: Ears, number: number): Promise<Subscriber> {
    return new Promise((resolve) => {
      const subscriber: Subscriber = new Subscriber(order, ears, `subscriber-${number}`, () =>
        resolve(subscriber),
      );
    });
  }

  close = () => this.socket.terminate();

  private subscribe(id: string): void {
    const variables = { endpoint: ROWS_ENDPOINT, maxPerSecond: MAX_PER_SECOND };
    this.say({ id, type: 'subscribe', payload: { query: SUBSCRIPTION, variables } });
  }

  private hear(text: string, ordinal: number): void {
    const timeAt = text.indexOf('"at":"') + 6;
    const atMs = Date.parse(text.slice(timeAt, text.indexOf('"', timeAt)));
    const isChecked = ordinal % CHECKED_ONE_IN === 0;
    const sample = isChecked ? (JSON.parse(text) as Message).payload?.data?.predictionStream : undefined;
    const isRight = !isChecked || (sample?.error === null && typeof sample.predictionId === 'string');
    if (!(ordinal > this.heard && atMs > 0 && isRight))
      throw new Error(`After the event ${this.heard} came ${text}`);
    this.heard = ordinal;
    this.ears.hear(atMs);
  }

  private say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }
}

/** Predictions at an even rate, whatever the answers take; each must be a success. */
class Predictions {
  sent = 0;
  answered = 0;
  private readonly idle: Connection[];
  private readonly requests: readonly Buffer[];

  constructor(connections: readonly Connection[], { url, key }: LiveOrder) {
    this.idle = [...connections];
    this.requests = requestsTo('modelgraph', new URL(url), key);
  }

  /** Sends as many as are due; resolves when the last one is answered. */
  async run(perSecond: number, durationMs: number): Promise<void> {
    const pending = new Set<Promise<void>>();
    const startedAt = performance.now();
    for (let due = 0, sent = 0; due < (perSecond * durationMs) / 1000; await pause(STEP_MS)) {
      due = Math.floor((perSecond * Math.min(durationMs, performance.now() - startedAt)) / 1000);
      for (; sent < due && this.idle.length > 0; sent += 1) {
        const one: Promise<void> = this.ask().finally(() => pending.delete(one));
        pending.add(one);
      }
    }
    await Promise.all(pending);
  }

  private async ask(): Promise<void> {
    const connection = this.idle.pop();
    if (!connection) throw new Error('There is no idle connection.');
    this.sent += 1;
    const { status, body } = await connection.ask(
      this.requests[this.sent % this.requests.length] ?? Buffer.of(),
    );
    if (status !== 200 || !body.includes('"PredictSuccess"'))
      throw new Error(`A prediction was answered ${status}: ${body.toString('utf8', 0, 500)}`);
    this.answered += 1;
    this.idle.push(connection);
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function runLive(order: LiveOrder): Promise<LiveReport> {
  const { url, subscribers: count, predictionsPerSecond: rate, warmUpMs, durationMs } = order;
  const ears = new Ears();
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => Connection.open(new URL(url))),
  );
  const subscribers = await Promise.all(
    Array.from({ length: count }, (_, number) => Subscriber.open(order, ears, number)),
  );
  const everybodyHeard = async (predictions: number) => {
    const until = performance.now() + LAST_EVENTS_MS;
    while (performance.now() < until && subscribers.some(({ heard }) => heard < predictions))
      await pause(STEP_MS);
  };
  try {
    const predictions = new Predictions(connections, order);
    await predictions.run(rate, warmUpMs);
    await everybodyHeard(predictions.answered);

    const [answeredBefore, deliveredBefore] = [predictions.answered, ears.deliveries];
    ears.isMeasuring = true;
    process.stdout.write(`${JSON.stringify({ measuring: true })}\n`);
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    await predictions.run(rate, durationMs);
    await everybodyHeard(predictions.answered);
    const elapsedMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpu);
    process.stdout.write(`${JSON.stringify({ measured: true })}\n`);

    const answered = predictions.answered - answeredBefore;
    const deliveries = ears.deliveries - deliveredBefore;
    const latenciesMs = ears.latenciesMs.sort((a, b) => a - b);
    return {
      predictions: answered,
      predictionsPerSecond: (answered / elapsedMs) * 1000,
      deliveries,
      deliveriesPerSecond: (deliveries / elapsedMs) * 1000,
      deliveredShare: count === 0 ? 1 : deliveries / (answered * count),
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      worstMs: latenciesMs.at(-1) ?? NaN,
      ownCpuShare: (user + system) / 1000 / elapsedMs,
    };
  } finally {
    for (const subscriber of subscribers) subscriber.close();
    for (const connection of connections) connection.close();
  }
}

/** Orders one after the other, until the input ends: the process cannot outlive the one that gives them. */
async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await runLive(JSON.parse(line) as LiveOrder))}\n`);
  }
}

void main();
