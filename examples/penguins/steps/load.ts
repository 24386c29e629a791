import type { Client } from '../client';
import type { Narrator } from '../narrator';
import { ENDPOINT_LATENCY, type EndpointLatencyEvent, type LatencyWindow } from '../operations/monitoring';
import { type JsonRow, PREDICT_BRIEFLY } from '../operations/serving';
import { type Random, seededRandom } from '../random';
import type { Subscription } from '../subscription';
import { NUMBER_COLUMNS, type Penguin, toJsonRow } from '../table';
import { percent, shortNumber } from '../wording';
import { ENDPOINT_NAME } from './serve';

const PREDICTIONS = 4_000;
const CONCURRENCY = 32;
const WINDOW_MS = 1_000;
/** The window of the last prediction is complete one window later; twice that is too late. */
const LAST_WINDOW_TIMEOUT_MS = 2 * WINDOW_MS + 1_000;
/** Birds that differ by up to this share, so that no answer can come from a cache. */
const VARIATION = 0.02;

type LatencyEvents = Subscription<{ readonly endpointLatency: EndpointLatencyEvent }>;

/** Many small requests at once, and what the server says of them while they run. */
export async function load(client: Client, narrator: Narrator, birds: readonly Penguin[]): Promise<void> {
  const events = client.subscribe(ENDPOINT_LATENCY, { endpoint: ENDPOINT_NAME, intervalMs: WINDOW_MS });
  await events.next(); // the snapshot: windows of earlier loads
  const reader = new WindowReader(narrator);
  const sendAndWait = async () => {
    narrator.say(await sendAll(client, birds));
    events.endWithin(LAST_WINDOW_TIMEOUT_MS);
  };
  await Promise.all([reader.read(events), sendAndWait()]);
  narrator.say(...reader.summary());
}

/** Reads windows until they tell of all predictions. */
class WindowReader {
  private readonly windows: LatencyWindow[] = [];

  constructor(private readonly narrator: Narrator) {}

  async read(events: LatencyEvents): Promise<void> {
    for await (const { endpointLatency } of events) {
      if (endpointLatency.__typename !== 'EndpointLatencyAppended') continue;
      const { window } = endpointLatency;
      if (window.total.requestsPerSecond === 0) continue;
      this.windows.push(window);
      this.narrator.say(`live ← ${windowLine(window)}`);
      if (this.requests() >= PREDICTIONS) return;
    }
  }

  summary(): string[] {
    const busiest = [...this.windows].sort((a, b) => requestsOf(b) - requestsOf(a))[0];
    if (!busiest) return ['the subscription reported no window'];
    return [
      `the endpoint counted ${shortNumber(this.requests())} predictions; the busiest window: ${windowLine(busiest)}`,
    ];
  }

  private requests(): number {
    return Math.round(this.windows.reduce((sum, window) => sum + requestsOf(window), 0));
  }
}

const requestsOf = ({ from, to, total }: LatencyWindow) =>
  (total.requestsPerSecond * (Date.parse(to) - Date.parse(from))) / 1000;

const windowLine = ({ total: { requestsPerSecond, errorRate, meanBatchSize, total } }: LatencyWindow) =>
  `${shortNumber(requestsPerSecond)} predictions/s, p50 ${shortNumber(total.p50Ms)} ms, ` +
  `p99 ${shortNumber(total.p99Ms)} ms, mean batch size ${shortNumber(meanBatchSize)}, errors ${percent(errorRate)}`;

/** Sends all predictions, so many at a time, over connections that are kept; tells how that went. */
async function sendAll(client: Client, birds: readonly Penguin[]): Promise<string> {
  const random = seededRandom(PREDICTIONS);
  const rows = Array.from({ length: PREDICTIONS }, (_, i) => birds[i % birds.length]).flatMap((bird) =>
    bird ? [variationOf(bird, random)] : [],
  );
  const waiting = rows.values();
  let refused = 0;
  const oneAfterTheOther = async () => {
    for (const row of waiting) {
      const input = { endpoint: ENDPOINT_NAME, rows: [row] };
      const { predict } = await client.call(PREDICT_BRIEFLY, { input });
      if (predict.__typename !== 'PredictSuccess') refused += 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, oneAfterTheOther));
  const seconds = (performance.now() - startedAt) / 1000;
  return (
    `sent ${shortNumber(rows.length)} predictions of one row, ${CONCURRENCY} at a time, ` +
    `in ${shortNumber(seconds)} s; ${refused === 0 ? 'none' : refused} refused`
  );
}

function variationOf({ measured }: Penguin, random: Random): JsonRow {
  const factor = () => 1 + VARIATION * (2 * random() - 1);
  const numbers = Object.fromEntries(NUMBER_COLUMNS.map((column) => [column, measured[column] * factor()]));
  return toJsonRow({ ...measured, ...numbers });
}
