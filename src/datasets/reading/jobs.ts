import type { DataProfile, RowComparison, WrittenSplit } from '../data-profile';
import type { UnreadableCode } from './unreadable';

/** What a process that reads is asked for. Paths are the artifact store's, never a client's. */
export interface ProfileJob {
  readonly kind: 'profile';
  readonly path: string;
}

export interface CompareJob {
  readonly kind: 'compare';
  readonly fromPath: string;
  readonly toPath: string;
}

export interface SplitJob {
  readonly kind: 'split';
  readonly path: string;
  /** An empty folder; whoever asks removes it with what is written there. */
  readonly target: string;
  /** Shares of the rows, which add up to 1. */
  readonly fractions: readonly number[];
  readonly seed: string;
  readonly stratifyBy: string | null;
  readonly groupBy: string | null;
}
export type Job = ProfileJob | CompareJob | SplitJob;

/** What it answers, by the kind of the job. */
export interface JobResults {
  readonly profile: DataProfile;
  readonly compare: RowComparison;
  readonly split: readonly WrittenSplit[];
}

export type Reply =
  | { readonly ok: true; readonly result: JobResults[Job['kind']] }
  | { readonly ok: false; readonly code: UnreadableCode; readonly message: string };

/** That the process takes more than it may, and wants to be killed: it cannot leave while a query runs. */
export interface Excess {
  readonly excess: 'memory' | 'disk';
}
