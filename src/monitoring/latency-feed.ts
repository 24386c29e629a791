import type { Endpoint } from '../serving/serving';
import type { EndpointWakes } from './endpoint-wakes';
import { RECENT_WINDOWS } from './interval';
import { encodeLatencyCursor, type LatencyCursor } from './latency-cursor';
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
  /** Null: from now on, after a snapshot. */
  readonly after: LatencyCursor | null;
  readonly endpoint: Endpoint;
  /** Begins to listen; the feed stops it. */
  readonly listen: () => EndpointWakes;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly windows: (grid: WindowGrid, previous: LatencyWindow | null) => Promise<readonly LatencyWindow[]>;
  /** The endpoint as it is now; null when it is gone. */
  readonly readEndpoint: () => Promise<Endpoint | null>;
}

/**
 * Windows of an endpoint, each once it is complete, and its redeployments. It reads only while there is traffic, and
 * between two reads it holds nothing: whoever is slow finds the newest windows when it comes back.
 */
export async function* latencyFeed(input: FeedInput): AsyncGenerator<EndpointLatencyEvent, void, void> {
  const { intervalMs, after, signal, nowMs } = input;
  const wakes = input.listen();
  let untilMs = after ? floorTo(after.untilMs, intervalMs) : completeUntil(nowMs(), intervalMs);
  let revision = after?.revision ?? input.endpoint.revision;
  let last: LatencyWindow | null = null;
  let mayHaveTraffic = true;
  const cursorAt = (seenMs: number) =>
    encodeLatencyCursor({ endpointId: input.endpoint.id, untilMs: seenMs, revision });
  try {
    if (!after) {
      const windows = await input.windows(gridOf(oldest(untilMs, intervalMs), untilMs, intervalMs), null);
      last = windows.at(-1) ?? null;
      yield { kind: 'EndpointLatencySnapshot', cursor: cursorAt(untilMs), windows };
    }
    while (!signal.aborted) {
      if (wakes.takeChange()) {
        const endpoint = await input.readEndpoint();
        if (endpoint && endpoint.revision !== revision) {
          revision = endpoint.revision;
          yield { kind: 'EndpointChanged', cursor: cursorAt(untilMs), endpoint };
        }
      }
      if (wakes.takeTraffic()) mayHaveTraffic = true;
      const completeMs = completeUntil(nowMs(), intervalMs);
      if (mayHaveTraffic && completeMs > untilMs) {
        const fromMs = Math.max(untilMs, oldest(completeMs, intervalMs));
        const previous: LatencyWindow | null = last?.to.getTime() === fromMs ? last : null;
        const windows = await input.windows(gridOf(fromMs, completeMs, intervalMs), previous);
        untilMs = completeMs;
        for (const window of windows) {
          yield { kind: 'EndpointLatencyAppended', cursor: cursorAt(window.to.getTime()), window };
        }
        last = windows.at(-1) ?? null;
        mayHaveTraffic = last !== null && hasTraffic(last);
      }
      const nextMs = completeUntil(nowMs(), intervalMs) + intervalMs + SETTLE_MS;
      await wakes.wait(mayHaveTraffic ? Math.max(0, nextMs - nowMs()) : null);
    }
  } finally {
    wakes.stop();
  }
}

const floorTo = (value: number, step: number) => Math.floor(value / step) * step;
const oldest = (untilMs: number, intervalMs: number) => untilMs - RECENT_WINDOWS * intervalMs;
