import type { Duration, NamedStatistics } from '../../serving/serving';
import { distinctName } from './metadata';

const NS_PER_MS = 1e6;

/** What one version has answered, in Triton's form. */
export function modelStatistics(statistics: NamedStatistics) {
  const { name, lastAt, rows, runs, batches, memoryBytes, ...sums } = statistics;
  return {
    name,
    version: distinctName(statistics),
    last_inference: lastAt?.getTime() ?? 0,
    inference_count: rows,
    execution_count: runs,
    inference_stats: {
      success: inNanoseconds(sums.success),
      fail: inNanoseconds(sums.fail),
      queue: inNanoseconds(sums.queue),
      ...computation(sums.compute),
      cache_hit: inNanoseconds(sums.cacheHit),
      cache_miss: inNanoseconds(sums.cacheMiss),
    },
    // Of models with several responses to a request; ours have one.
    response_stats: {},
    memory_usage: memoryBytes === null ? [] : [{ type: 'CPU', id: 0, byte_size: memoryBytes }],
    batch_stats: batches.map(({ size, ...compute }) => ({ batch_size: size, ...computation(compute) })),
  };
}

const inNanoseconds = ({ count, totalMs }: Duration) => ({ count, ns: Math.round(totalMs * NS_PER_MS) });

/** The three steps have the same count, or Triton's tools give up; their whole time is in the middle one. */
const computation = (compute: Duration) => ({
  compute_input: { count: compute.count, ns: 0 },
  compute_infer: inNanoseconds(compute),
  compute_output: { count: compute.count, ns: 0 },
});
