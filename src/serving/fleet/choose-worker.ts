/** A worker that could take a run, as its `api` process sees it. */
export interface Candidate {
  /** Runs of this process that it has not answered. */
  readonly inFlight: number;
  /** Runs that it does at a time. */
  readonly capacity: number;
  /** What its runs have taken lately, the way there and back included, in ms; 0: nobody knows. */
  readonly latencyMs: number;
}

/** Least that a run is taken to cost, in ms: one answer that came at once must not draw all the others. */
const LEAST_LATENCY_MS = 0.1;

/**
 * Where a run would be answered first: the least outstanding work, in time. Among equals the first, so that whoever
 * turns the list spreads them.
 */
export function chooseWorker<Worker extends Candidate>(workers: readonly Worker[]): Worker | undefined {
  let chosen: Worker | undefined;
  let least = Infinity;
  for (const worker of workers) {
    const waitMs = outstandingMs(worker);
    if (waitMs < least) [chosen, least] = [worker, waitMs];
  }
  return chosen;
}

/** When one run more would be answered. */
export const outstandingMs = ({ inFlight, capacity, latencyMs }: Candidate): number =>
  ((inFlight + 1) / Math.max(1, capacity)) * Math.max(LEAST_LATENCY_MS, latencyMs);

/** Weight of what came last in a running mean: some ten runs. */
const NEWEST_SHARE = 0.2;

/** A running mean that follows what came lately. @param meanMs 0: nothing came yet */
export const learnLatency = (meanMs: number, latestMs: number): number =>
  meanMs === 0 ? latestMs : meanMs + NEWEST_SHARE * (latestMs - meanMs);

/**
 * What is left of the mean where nothing ran for a while: one slow run, which had to load its model say, must not keep
 * a worker without work for ever.
 */
export const fadedLatency = (meanMs: number): number => meanMs / 2;
