import { diffArrays } from 'diff';

/** Lines of an answer: more are not read by anybody. */
export const MAX_DIFF_LINES = 500;
/** Unchanged lines around a change that are shown with it. */
const CONTEXT = 3;
/** Lines that came or went before it is no longer looked for the fewest: the time grows with the square. */
const MAX_EDITS = 400;

export const LINE_CHANGES = ['SAME', 'ADDED', 'REMOVED'] as const;
export type LineChange = (typeof LINE_CHANGES)[number];

export interface DiffLine {
  readonly change: LineChange;
  readonly text: string;
  /** Counted from 1; null where the side does not have it. */
  readonly lineA: number | null;
  readonly lineB: number | null;
}

export interface LineDiff {
  readonly lines: readonly DiffLine[];
  readonly added: number;
  readonly removed: number;
  /** Whether all changes are among the lines. */
  readonly isWhole: boolean;
}

/**
 * What was added and removed, with lines around it; by Myers' algorithm, or all of both where nearly nothing is left.
 */
export function lineDiff(a: readonly string[], b: readonly string[]): LineDiff {
  const all: DiffLine[] = [];
  let lineA = 0;
  let lineB = 0;
  for (const { change, value } of stepsOf(a, b)) {
    for (const text of value) {
      if (change !== 'ADDED') lineA += 1;
      if (change !== 'REMOVED') lineB += 1;
      all.push({
        change,
        text,
        lineA: change === 'ADDED' ? null : lineA,
        lineB: change === 'REMOVED' ? null : lineB,
      });
    }
  }
  const lines = nearChanges(all);
  return {
    lines: lines.slice(0, MAX_DIFF_LINES),
    added: all.filter(({ change }) => change === 'ADDED').length,
    removed: all.filter(({ change }) => change === 'REMOVED').length,
    isWhole: lines.length <= MAX_DIFF_LINES,
  };
}

interface Step {
  readonly change: LineChange;
  readonly value: readonly string[];
}

function stepsOf(a: readonly string[], b: readonly string[]): readonly Step[] {
  const steps = diffArrays([...a], [...b], { maxEditLength: MAX_EDITS });
  return steps
    ? steps.map(({ added, removed, value }) => ({
        change: added ? 'ADDED' : removed ? 'REMOVED' : 'SAME',
        value,
      }))
    : [
        { change: 'REMOVED', value: a },
        { change: 'ADDED', value: b },
      ];
}

function nearChanges(lines: readonly DiffLine[]): readonly DiffLine[] {
  const isShown = new Uint8Array(lines.length);
  for (const [at, { change }] of lines.entries())
    if (change !== 'SAME') isShown.fill(1, Math.max(0, at - CONTEXT), at + CONTEXT + 1);
  return lines.filter((_, at) => isShown[at] === 1);
}
