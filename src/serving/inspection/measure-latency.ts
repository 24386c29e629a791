import type { Tensor } from '../../kernel/tensors/tensor';
import type { Runnable } from './runnable';

/** Runs before the clock counts: the first ones allocate memory and warm caches. */
const WARM_UP_RUNS = 10;

/** Most runs of one measurement; p99 is steady long before. */
const MAX_SAMPLES = 10_000;

/** Percentiles of the time of one run, in ms, without the way to the worker and back. */
export async function measureLatency(
  model: Runnable,
  inputs: readonly Tensor[],
  samples: number,
): Promise<{ p50Ms: number; p99Ms: number }> {
  for (let run = 0; run < WARM_UP_RUNS; run++) await model.run(inputs);
  const timesMs = new Float64Array(Math.min(Math.max(1, Math.floor(samples)), MAX_SAMPLES));
  for (let run = 0; run < timesMs.length; run++) {
    const start = performance.now();
    await model.run(inputs);
    timesMs[run] = performance.now() - start;
  }
  timesMs.sort();
  return { p50Ms: percentile(timesMs, 0.5), p99Ms: percentile(timesMs, 0.99) };
}

/** The smallest sample that at least the given share of samples does not exceed (nearest rank). */
function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
