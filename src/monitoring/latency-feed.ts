import { feedOf, type Feed } from '../kernel/feed';
import { AWAY, OutagePatience } from '../kernel/outage-patience';
import type { Endpoint } from '../serving/serving';
import type { EndpointWakes } from './endpoint-wakes';
import { RECENT_WINDOWS } from './interval';
import { decodeLatencyCursor, encodeLatencyCursor, type LatencyCursor } from './latency-cursor';
import { hasTraffic, type LatencyWindow } from './latency-window';
import { completeUntil, gridOf, SETTLE_MS, type WindowGrid } from './window-grid';

/** The kinds are the names of their GraphQL types. */
export type EndpointLatencyEvent =
  | {
      readonly kind: 'EndpointLatencySnapshot';
      readonly cursor: string;
      readonly windows: readonly LatencyWindow[];
    }
  | { readonly kind: 'EndpointLatencyAppended'; readonly cursor: string; readonly window: LatencyWindow }
  | { readonly kind: 'EndpointChanged'; readonly cursor: string; readonly endpoint: Endpoint };

export interface FeedInput {
  readonly intervalMs: number;
  readonly endpoint: Endpoint;
  /** Begins to listen; the feed stops it. */
  readonly listen: (signal: AbortSignal) => EndpointWakes;
  readonly nowMs: () => number;
  readonly windows: (grid: WindowGrid) => Promise<readonly LatencyWindow[]>;
  /** The endpoint as it is now; null when it is gone. */
  readonly readEndpoint: () => Promise<Endpoint | null>;
}

/**
 * Windows of an endpoint, each once it is complete, and its redeployments, until it is deleted. It reads only while
 * there is traffic, and between two reads it holds nothing: whoever is slow finds the newest windows when it comes
 * back.
 */
export function latencyFeed(input: FeedInput): Feed<EndpointLatencyEvent> {
  const { endpoint, intervalMs, nowMs } = input;
  const origin: LatencyCursor = {
    endpointId: endpoint.id,
    untilMs: completeUntil(nowMs(), intervalMs),
    revision: endpoint.revision,
  };
  return feedOf({
    origin: encodeLatencyCursor(origin),
    isKept: true,
    news: (signal) => news(input, origin, signal),
    since: (after, upTo) => since(input, after, upTo),
  });
}

async function* news(
  input: FeedInput,
  origin: LatencyCursor,
  signal: AbortSignal,
): AsyncGenerator<EndpointLatencyEvent, void, void> {
  const { intervalMs, nowMs } = input;
  const wakes = input.listen(signal);
  const patience = new OutagePatience();
  let { untilMs, revision } = origin;
  let wasAway = false;
  let mayHaveTraffic = true;
  let mayHaveChanged = true;
  const cursor = () => encodeLatencyCursor({ ...origin, untilMs, revision });
  try {
    while (!signal.aborted) {
      if (wakes.takeChange()) mayHaveChanged = true;
      if (wakes.takeTraffic()) mayHaveTraffic = true;
      if (mayHaveChanged) {
        const endpoint = await patience.unlessAway(input.readEndpoint);
        if (endpoint === null) return;
        mayHaveChanged = endpoint === AWAY;
        if (endpoint !== AWAY && endpoint.revision !== revision) {
          revision = endpoint.revision;
          yield { kind: 'EndpointChanged', cursor: cursor(), endpoint };
        }
      }
      const lookedAtMs = nowMs();
      const completeMs = completeUntil(lookedAtMs, intervalMs);
      if (isLaterThan(untilMs, lookedAtMs)) untilMs = completeMs;
      if (mayHaveTraffic && completeMs > untilMs) {
        const seenMs = untilMs;
        const windows = await patience.unlessAway(() => windowsBetween(input, seenMs, completeMs));
        const isBackNow = wasAway && windows !== AWAY;
        wasAway = windows === AWAY;
        // What was measured while it was away is being written: the next look finds it.
        if (windows !== AWAY && !isBackNow) {
          for (const window of windows) {
            untilMs = window.to.getTime();
            yield { kind: 'EndpointLatencyAppended', cursor: cursor(), window };
          }
          untilMs = completeMs;
          const last = windows.at(-1);
          mayHaveTraffic = last !== undefined && hasTraffic(last);
        }
      }
      const nextMs = completeUntil(nowMs(), intervalMs) + intervalMs + SETTLE_MS;
      await wakes.wait(mayHaveTraffic ? Math.max(0, nextMs - nowMs()) : null);
    }
  } finally {
    wakes.stop();
  }
}

/**
 * A clock that was set back by more than this is not waited for, in ms: its windows come a second time. By less, it is
 * put right like that now and then, and has caught up soon.
 */
const SET_BACK_MS = 10_000;
const isLaterThan = (seenMs: number, nowMs: number): boolean => seenMs - nowMs > SET_BACK_MS;

async function* since(
  input: FeedInput,
  after: string | null,
  upTo: string,
): AsyncGenerator<EndpointLatencyEvent, string, void> {
  const { endpoint, intervalMs, nowMs } = input;
  const until = decodeLatencyCursor(upTo, endpoint.id);
  if (after === null) {
    // While there is no traffic nothing moves, so that `upTo` may be long ago.
    const fromMs = oldest(completeUntil(nowMs(), intervalMs), intervalMs);
    const windows =
      fromMs < until.untilMs ? await input.windows(gridOf(fromMs, until.untilMs, intervalMs)) : [];
    yield { kind: 'EndpointLatencySnapshot', cursor: upTo, windows };
    return upTo;
  }
  const seen = decodeLatencyCursor(after, endpoint.id);
  let untilMs = isLaterThan(seen.untilMs, nowMs()) ? until.untilMs : floorTo(seen.untilMs, intervalMs);
  const revision = Math.max(seen.revision, until.revision);
  const cursor = () => encodeLatencyCursor({ endpointId: endpoint.id, untilMs, revision });
  if (seen.revision < until.revision) {
    const changed = await input.readEndpoint();
    if (changed) yield { kind: 'EndpointChanged', cursor: cursor(), endpoint: changed };
  }
  if (untilMs >= until.untilMs) return cursor();
  for (const window of await windowsBetween(input, untilMs, until.untilMs)) {
    untilMs = window.to.getTime();
    yield { kind: 'EndpointLatencyAppended', cursor: cursor(), window };
  }
  untilMs = until.untilMs;
  return cursor();
}

/** The newest of them. Where traffic has stopped before, they begin with the window of zero that says so. */
async function windowsBetween(
  { intervalMs, windows }: FeedInput,
  seenMs: number,
  untilMs: number,
): Promise<readonly LatencyWindow[]> {
  const fromMs = Math.max(seenMs, oldest(untilMs, intervalMs));
  const found = await windows(gridOf(fromMs - intervalMs, untilMs, intervalMs));
  return found.filter(({ to }) => to.getTime() > fromMs);
}

const floorTo = (value: number, step: number) => Math.floor(value / step) * step;
const oldest = (untilMs: number, intervalMs: number) => untilMs - RECENT_WINDOWS * intervalMs;
