import type { SpooledPoint, SpoolRecord } from './record';

/** Points of one request: some 450 kB of JSON, which takes a server tens of milliseconds. */
const MAX_POINTS = 5_000;
/** Different keys of one request, which the server limits. */
const MAX_KEYS = 1_000;

/** What one request carries. */
export type BatchContent = SpoolRecord;

/**
 * How many of the records go together in one request, from the first on, and what they carry. Points are joined with
 * the points that follow; all else goes alone.
 */
export function joined(records: readonly SpoolRecord[]): { count: number; content: BatchContent } | null {
  const [first] = records;
  if (first === undefined) return null;
  if (!('points' in first)) return { count: 1, content: first };
  const points: SpooledPoint[] = [];
  const keys = new Set<string>();
  let count = 0;
  for (const record of records) {
    if (!('points' in record) || points.length + record.points.length > MAX_POINTS) break;
    const added = new Set(record.points.map(([key]) => key).filter((key) => !keys.has(key)));
    if (keys.size + added.size > MAX_KEYS) break;
    for (const key of added) keys.add(key);
    points.push(...record.points);
    count += 1;
  }
  return { count, content: { points } };
}
