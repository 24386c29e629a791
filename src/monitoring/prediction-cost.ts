import type { Prices } from '../kernel/prices';
import { DEVICES, type Spent, type SpentTime } from './spent-time';

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
  readonly spent: Spent;
  /** The answered ones whose time that is. */
  readonly accounted: number;
}

/**
 * Null without a price, where nothing was answered whose time is known, and where all of it ran on what has no price.
 */
export function predictionCost({ spent, accounted }: Measured, prices: Prices | null): PredictionCost | null {
  if (prices === null || accounted === 0 || !hasPrice(spent, prices)) return null;
  const perThousand = (kind: keyof SpentTime) => (costOf(spent, kind, prices) / accounted) * 1_000;
  return {
    busyPerThousand: perThousand('busyMs'),
    fullPerThousand: perThousand('paidMs'),
    currency: prices.currency,
  };
}

/** Whether an hour of what has computed the answers has a price; where nothing was computed, of anything. */
export function hasPrice(spent: Spent, prices: Prices): boolean {
  const used = DEVICES.filter((device) => spent[device].busyMs > 0);
  return (used.length === 0 ? DEVICES : used).some((device) => prices[device] !== null);
}

/** What has no price adds nothing. */
export const costOf = (spent: Spent, kind: keyof SpentTime, prices: Prices): number =>
  DEVICES.reduce((sum, device) => sum + (spent[device][kind] / MS_PER_HOUR) * (prices[device] ?? 0), 0);
