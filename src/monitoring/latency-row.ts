import type { ProjectId } from '../kernel/ids';
import type { ModelVersionId } from '../registry/registry';
import type { Door, EndpointId, RanOn } from '../serving/serving';
import type { StoredStats } from './latency-stats';
import type { Spent } from './spent-time';

/** Width of the windows that are measured, in seconds; a dashboard's finest line. */
export const SECOND = 1;
/** Width of the coarse windows that are kept for longer, in seconds: a week of them is ten thousand a variant. */
export const MINUTE = 60;
export type WidthS = typeof SECOND | typeof MINUTE;

/** What callers have asked: an endpoint, or a version by reference. */
export type AskedId = EndpointId | ModelVersionId;

/** Whether it was the version itself that was asked, through no endpoint. */
export const isByReference = (askedId: AskedId, versionId: ModelVersionId): boolean => askedId === versionId;

/** Whose traffic: rows of several processes with the same key belong together. */
export interface LatencyKey {
  readonly projectId: ProjectId;
  readonly askedId: AskedId;
  /** Of what was asked by reference: the version's own. */
  readonly variant: string;
  readonly versionId: ModelVersionId;
  /** Empty in rows of earlier servers, which did not tell. */
  readonly door: Door | '';
}

/** One variant's predictions in one closed window of one process. */
export interface LatencyRow extends LatencyKey, StoredStats {
  /** Of the process; another one after the clock went back, so that no two rows are ever the same one. */
  readonly writerId: string;
  readonly widthS: WidthS;
  /** Seconds since 1970, a multiple of the width. */
  readonly startS: number;
  readonly weight: number;
  readonly shadow: boolean;
  readonly spent: Spent;
  /** What has computed the newest answer that was computed; null: none, or nobody knows. */
  readonly ranOn: RanOn | null;
}
