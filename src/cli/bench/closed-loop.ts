import type { Measurement, Outcome } from './measurement';

interface ClosedLoop {
  readonly callers: number;
  readonly durationMs: number;
  /** Never rejects. */
  readonly send: () => Promise<Outcome>;
  readonly measurement: Measurement;
  readonly stop: AbortSignal;
}

/**
 * Callers who ask one after the other: what they get at most, and how long one of so many waits. A server that stalls
 * is asked less, so this does not show what it would do to callers who come by themselves: that is the open loop.
 */
export async function runClosedLoop({
  callers,
  durationMs,
  send,
  measurement,
  stop,
}: ClosedLoop): Promise<void> {
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;
  const caller = async () => {
    for (let askedAt = startedAt; askedAt < endsAt && !stop.aborted;) {
      const outcome = await send();
      const endedAt = performance.now();
      measurement.record(outcome, askedAt, askedAt, endedAt);
      askedAt = endedAt;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  measurement.elapsedMs = performance.now() - startedAt;
}
