import { downsample } from './downsample';
import { joinChunks, pick, type PointColumns } from './metric-columns';
import type { StoredChunk } from './metric.queries';

/** The points of one series as columns, sorted by step, then timestamp, then arrival. */
export interface MetricSeries extends PointColumns {
  readonly key: string;
}

/** Most points of one series in an answer: more than any screen has columns. */
export const MAX_HISTORY_POINTS = 10_000;

/** Series out of chunks that stand in order of arrival, each with at most `maxPoints` points. */
export function toSeries(chunks: readonly StoredChunk[], maxPoints: number): readonly MetricSeries[] {
  const byKey = new Map<string, StoredChunk[]>();
  for (const chunk of chunks) {
    const ofKey = byKey.get(chunk.key);
    if (ofKey) ofKey.push(chunk);
    else byKey.set(chunk.key, [chunk]);
  }
  return [...byKey].map(([key, ofKey]) => {
    const points = joinChunks(ofKey);
    const isShort = points.values.length <= maxPoints;
    return { key, ...(isShort ? points : pick(points, downsample(points.values, maxPoints))) };
  });
}
