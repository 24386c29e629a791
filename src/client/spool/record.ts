import type { JsonDouble, JsonInteger } from '../exact-numbers';
import type { KeyValue, RunStatus } from '../operations/runs';

/** A point as it is kept: key, step, value, and when it was measured in ms since 1970. */
export type SpooledPoint = readonly [key: string, step: JsonInteger, value: JsonDouble, timestampMs: number];

/** What a run has told, in the order in which it did. */
export type SpoolRecord =
  | { readonly points: readonly SpooledPoint[] }
  | { readonly params: readonly KeyValue[] }
  | { readonly finish: RunStatus };

/** Points of one record; with keys of 250 characters, each of which JSON may escape, well below a frame. */
export const MAX_POINTS_PER_RECORD = 500;
/** Params of one record; with values of 6,000 characters, each of which JSON may escape, below a frame. */
export const MAX_PARAMS_PER_RECORD = 50;

export const bytesOf = (record: SpoolRecord): Buffer => Buffer.from(JSON.stringify(record));

/** The checksum has held: these are the bytes that were written. */
export const recordIn = (content: Buffer): SpoolRecord => JSON.parse(content.toString()) as SpoolRecord;
