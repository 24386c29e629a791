import type { Prices } from '../kernel/prices';
import type { RanOn } from '../serving/serving';
import { deviceOf, DEVICES, type Device, type Spent, type SpentTime } from './spent-time';

const MS_PER_HOUR = 3_600_000;

/** Of 1,000 predictions that were answered, remembered ones among them. */
export interface PredictionCost {
  /** Only for the time that their runs took. */
  readonly busyPerThousand: number;
  /** With the time that the workers stood idle until then: what all worker hours cost, shared by use. */
  readonly fullPerThousand: number;
  readonly currency: string | null;
}

/** What a span of predictions took of the workers, and of other servers. */
interface Measured {
  readonly requests: number;
  readonly errorRate: number;
  readonly spent: Spent;
  /** What its answers were computed by; empty: remembered ones only, or nobody knows. */
  readonly ranOn: readonly RanOn[];
}

/** Null without a price, where nothing was answered, and where all of it ran on what has no price. */
export function predictionCost(
  { requests, errorRate, spent, ranOn }: Measured,
  prices: Prices | null,
): PredictionCost | null {
  const answered = Math.round(requests * (1 - errorRate));
  if (prices === null || answered === 0 || !hasPrice(ranOn, prices)) return null;
  const perThousand = (kind: keyof SpentTime) => (costOf(spent, kind, prices) / answered) * 1_000;
  return {
    busyPerThousand: perThousand('busyMs'),
    fullPerThousand: perThousand('paidMs'),
    currency: prices.currency,
  };
}

/** Whether an hour of what has computed the answers has a price; where nothing was computed, of anything. */
export const hasPrice = (ranOn: readonly RanOn[], prices: Prices): boolean =>
  (ranOn.length === 0 ? DEVICES : ranOn.map(deviceOf)).some((device: Device) => prices[device] !== null);

/** What has no price adds nothing. */
export const costOf = (spent: Spent, kind: keyof SpentTime, prices: Prices): number =>
  DEVICES.reduce((sum, device) => sum + (spent[device][kind] / MS_PER_HOUR) * (prices[device] ?? 0), 0);
