import type { InvalidInput } from '../../kernel/errors';
import { InputCheck } from '../../kernel/input-check';

/** What a caller says of a prediction. */
export interface FeedbackInput {
  readonly predictionId: string;
  /** How good it was: 1 or 0, money, minutes; more is better. */
  readonly reward: number;
  /** What was right, in JSON. */
  readonly truth?: unknown;
  /** Corrects feedback that was recorded before. */
  readonly replace?: boolean | null;
}

const DAY_MS = 86_400_000;
/**
 * How long after a prediction its feedback is taken: a month, in which most truths come out. It ends before feedback is
 * deleted (`kernel/retention.ts`), so that the same one is known as long as it may come again.
 */
export const FEEDBACK_WINDOW_MS = 31 * DAY_MS;
/** How far ahead of now a prediction may have been made: another server has its own clock, and ours may be set back. */
const CLOCK_SKEW_MS = DAY_MS;
/** Largest reward, either way: the squares of a million of them still add up in a double. */
export const MAX_REWARD = 1e12;
/** Longest truth, in characters of JSON: a label, a number, a list of them; not a document. */
const MAX_TRUTH_LENGTH = 10_000;
/** Deepest truth: beyond it JSON is no value any more, and databases refuse it at some depth. */
const MAX_TRUTH_DEPTH = 16;

/** Null when nothing is wrong. */
export function checkFeedback(
  { reward, truth }: FeedbackInput,
  predictedAt: Date,
  now: Date,
): InvalidInput | null {
  const check = new InputCheck();
  const ageMs = now.getTime() - predictedAt.getTime();
  if (ageMs > FEEDBACK_WINDOW_MS || ageMs < -CLOCK_SKEW_MS) {
    const expected = `a prediction of the last ${FEEDBACK_WINDOW_MS / DAY_MS} days`;
    check.add('predictionId', expected, `one of ${predictedAt.toISOString()}`);
  }
  if (!(Math.abs(reward) <= MAX_REWARD))
    check.add('reward', `a number from ${-MAX_REWARD} to ${MAX_REWARD}`, String(reward));
  const problem = truth === undefined ? null : problemOf(truth, MAX_TRUTH_DEPTH);
  if (problem) check.add('truth', problem.expected, problem.actual);
  else if (truth !== undefined) {
    const { length } = JSON.stringify(truth) ?? '';
    if (length > MAX_TRUTH_LENGTH)
      check.add('truth', `at most ${MAX_TRUTH_LENGTH} characters of JSON`, `${length} characters`);
  }
  return check.result();
}

/** What the database could not keep. */
function problemOf(
  value: unknown,
  depth: number,
): { readonly expected: string; readonly actual: string } | null {
  if (typeof value === 'string') {
    const isKept = !value.includes('\0') && value.isWellFormed();
    return isKept ? null : { expected: 'well-formed text without U+0000', actual: 'another' };
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    return { expected: 'numbers that JSON has', actual: String(value) };
  if (typeof value !== 'object' || value === null) return null;
  if (depth === 0) return { expected: `JSON at most ${MAX_TRUTH_DEPTH} deep`, actual: 'a deeper one' };
  for (const [key, inner] of Object.entries(value)) {
    const problem = problemOf(key, depth) ?? problemOf(inner, depth - 1);
    if (problem) return problem;
  }
  return null;
}
