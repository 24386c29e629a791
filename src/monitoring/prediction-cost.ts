import { ON_WORKERS, type RanOn } from '../serving/serving';

const MS_PER_HOUR = 3_600_000;

/** What one worker costs for an hour. */
export interface WorkerPrice {
  readonly perHour: number;
  /** As the operator writes it; null: not said. */
  readonly currency: string | null;
}

/** Of 1,000 predictions that were answered, remembered ones among them. */
export interface PredictionCost {
  /** Only for the time that their runs took. */
  readonly busyPerThousand: number;
  /** With the time that the workers stood idle until then: what all worker hours cost, shared by use. */
  readonly fullPerThousand: number;
  readonly currency: string | null;
}

/** What a span of predictions took of the workers, in ms. */
interface WorkerTime {
  readonly requests: number;
  readonly errorRate: number;
  readonly busyMs: number;
  readonly paidMs: number;
  /** What its answers were computed by; empty: remembered ones only, or nobody knows. */
  readonly ranOn: readonly RanOn[];
}

/** Null without a price, where nothing was answered, and where all of it ran on servers that are not ours. */
export function predictionCost(
  { requests, errorRate, busyMs, paidMs, ranOn }: WorkerTime,
  price: WorkerPrice | null,
): PredictionCost | null {
  const answered = Math.round(requests * (1 - errorRate));
  if (price === null || answered === 0 || !ranOnWorkers(ranOn)) return null;
  const perThousand = (workerMs: number) => (workerCost(workerMs, price) / answered) * 1_000;
  return {
    busyPerThousand: perThousand(busyMs),
    fullPerThousand: perThousand(paidMs),
    currency: price.currency,
  };
}

export const ranOnWorkers = (ranOn: readonly RanOn[]): boolean =>
  ranOn.length === 0 || ranOn.some(({ backend }) => backend === ON_WORKERS);

export const workerCost = (workerMs: number, { perHour }: WorkerPrice): number =>
  (workerMs / MS_PER_HOUR) * perHour;
