import type { EndpointSettings } from '../endpoints/endpoint-settings';

/** What bounds a run that several callers share. */
export type RunLimits = Pick<EndpointSettings, 'maxBatch' | 'latencyObjectiveMs'>;

/** Share of its weight that an observation keeps when the next one comes: about the last fifty batches count. */
const DECAY = 0.98;

/**
 * What a run costs: duration ≈ a·n + b for n rows, by least squares over recent runs with exponentially
 * decaying weights.
 */
export class RunCost {
  private weight = 0;
  private sumN = 0;
  private sumNN = 0;
  private sumT = 0;
  private sumNT = 0;

  observe(rows: number, durationMs: number): void {
    this.weight = this.weight * DECAY + 1;
    this.sumN = this.sumN * DECAY + rows;
    this.sumNN = this.sumNN * DECAY + rows * rows;
    this.sumT = this.sumT * DECAY + durationMs;
    this.sumNT = this.sumNT * DECAY + rows * durationMs;
  }

  /** Predicted duration of a run, in ms; 0 before anything was observed. */
  predictMs(rows: number): number {
    const line = this.line();
    return line === undefined ? 0 : line.perRowMs * rows + line.perRunMs;
  }

  /**
   * The most rows, up to `maxBatch`, whose run is predicted to take no longer than the objective. Where not even
   * one row can, a batch may take twice as long as one row: smaller ones would only make the queue longer.
   */
  largestBatch({ maxBatch, latencyObjectiveMs }: RunLimits): number {
    const line = this.line();
    if (line === undefined) return maxBatch;
    const allowedMs = Math.max(latencyObjectiveMs, 2 * (line.perRowMs + line.perRunMs));
    if (!line.known) {
      // All batches had one size, so nothing says how cost grows. At worst by each row alone; and if even that
      // allows little, twice the size seen shows.
      const safeRows = Math.floor((allowedMs * line.meanRows) / Math.max(line.perRunMs, Number.EPSILON));
      return Math.min(maxBatch, Math.max(1, safeRows, Math.floor(2 * line.meanRows)));
    }
    if (line.perRowMs <= 0) return maxBatch;
    return Math.min(maxBatch, Math.max(1, Math.floor((allowedMs - line.perRunMs) / line.perRowMs + 1e-9)));
  }

  /** The fitted line, with both costs at least 0; `known` is false where all runs had the same size. */
  private line(): { perRowMs: number; perRunMs: number; meanRows: number; known: boolean } | undefined {
    if (this.weight === 0) return undefined;
    const meanRows = this.sumN / this.weight;
    const meanMs = this.sumT / this.weight;
    const variance = this.sumNN / this.weight - meanRows * meanRows;
    if (variance <= 1e-6 * meanRows * meanRows)
      return { perRowMs: 0, perRunMs: meanMs, meanRows, known: false };
    const covariance = this.sumNT / this.weight - meanRows * meanMs;
    const perRowMs = Math.min(Math.max(0, covariance / variance), meanMs / meanRows);
    return { perRowMs, perRunMs: Math.max(0, meanMs - perRowMs * meanRows), meanRows, known: true };
  }
}
