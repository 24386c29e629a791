import type { Arrivals } from './arrivals';
import { NOT_SENT, type Measurement, type Outcome } from './measurement';

interface OpenLoop {
  readonly arrivals: Arrivals;
  readonly durationMs: number;
  /** Requests that may wait for their answers at a time. */
  readonly maxInFlight: number;
  /** Never rejects. */
  readonly send: () => Promise<Outcome>;
  readonly measurement: Measurement;
  readonly stop: AbortSignal;
}

/** Sends in a row before answers are looked at: those that wait for that would seem slower than they were. */
const MAX_BURST = 8;
/** Time after the end for what was due before, in ms: a machine that stalled may catch up. */
const GRACE_MS = 1_000;

/**
 * Requests by a plan that knows nothing of the answers. A latency counts from the planned time: where the server
 * stalls, those who should have asked meanwhile have waited too, and leaving them out would hide the stall
 * (“coordinated omission”, G. Tene). What could not be sent in time is told as such.
 */
export async function runOpenLoop(loop: OpenLoop): Promise<void> {
  const { arrivals, durationMs, maxInFlight, measurement, stop } = loop;
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  let inFlight = 0;
  let next = 0;
  let burst = 0;
  let wake = () => {};
  /** Until there is room again, or for so long. */
  const pause = (maxMs: number) =>
    new Promise<void>((resolve) => {
      burst = 0;
      const timer = setTimeout(resolve, maxMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const sendOne = async (plannedAt: number) => {
    inFlight += 1;
    const sentAt = performance.now();
    measurement.record(await loop.send(), plannedAt, sentAt, performance.now());
    inFlight -= 1;
    if (inFlight === maxInFlight - 1 || inFlight === 0) wake();
  };

  while (next < arrivals.count && !stop.aborted) {
    const nowMs = elapsedMs();
    const leftMs = durationMs - nowMs;
    const dueMs = arrivals.dueAtMs(next);
    if (dueMs > nowMs) await pause(dueMs - nowMs);
    else if (leftMs < (inFlight < maxInFlight ? -GRACE_MS : 0)) break;
    else if (inFlight >= maxInFlight) await pause(leftMs + 1);
    else if (burst === MAX_BURST) {
      burst = 0;
      await new Promise(setImmediate);
    } else {
      burst += 1;
      next += 1;
      void sendOne(startedAt + dueMs);
    }
  }
  const notSent = stop.aborted ? 0 : arrivals.count - next;
  const isFull = inFlight >= maxInFlight;
  while (inFlight > 0) await pause(durationMs);
  measurement.elapsedMs = stop.aborted ? elapsedMs() : Math.max(elapsedMs(), durationMs);
  if (notSent > 0)
    measurement.recordErrors(
      NOT_SENT,
      notSent,
      isFull
        ? `${maxInFlight} requests were waiting for their answers already (--max-in-flight)`
        : 'this client cannot send as fast as that',
    );
}
