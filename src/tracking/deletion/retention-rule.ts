import type { InvalidInput } from '../../kernel/errors';
import { InputCheck } from '../../kernel/input-check';

/** How long an experiment, or a project's experiments, keep their runs, in days; null: for ever. */
export interface RetentionRule {
  /** Runs that ended so long ago are deleted. */
  readonly deleteRunsAfterDays: number | null;
  /** The same for those that failed: the shorter time counts. */
  readonly deleteFailedRunsAfterDays: number | null;
  /** What has been deleted for so long goes for good. */
  readonly purgeDeletedAfterDays: number | null;
}

/** The rule that an experiment obeys. */
export interface ObeyedRule {
  /** Whether it has one of its own, which may say to keep everything; otherwise it obeys its project's. */
  readonly isOwn: boolean;
  /** Null: all is kept for ever. */
  readonly rule: RetentionRule | null;
}

export const KEEP_ALL: RetentionRule = {
  deleteRunsAfterDays: null,
  deleteFailedRunsAfterDays: null,
  purgeDeletedAfterDays: null,
};

/** A run with this tag stays, unless its value is `false`. */
export const KEEP_TAG = 'keep';

const MAX_DAYS = 36_500;

export function checkRule(rule: RetentionRule): InvalidInput | null {
  const check = new InputCheck();
  for (const name of ['deleteRunsAfterDays', 'deleteFailedRunsAfterDays', 'purgeDeletedAfterDays'] as const) {
    const days = rule[name];
    if (days !== null && (days < 1 || days > MAX_DAYS))
      check.add(name, `1 to ${MAX_DAYS} days, or null`, String(days));
  }
  return check.result();
}

/** Whether the rule says to keep everything. */
export const isEmptyRule = (rule: RetentionRule): boolean =>
  rule.deleteRunsAfterDays === null &&
  rule.deleteFailedRunsAfterDays === null &&
  rule.purgeDeletedAfterDays === null;
