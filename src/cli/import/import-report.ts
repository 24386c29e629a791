import { printable } from './progress';
import { COUNTED, type Counted, type Tally } from './tally';

export interface Outcome {
  /** Without a credential. */
  readonly source: string;
  readonly target: string;
  readonly isDryRun: boolean;
  /** Whether it went through to its end. */
  readonly isComplete: boolean;
  readonly tally: Tally;
}

const WORDS: Readonly<Record<Counted, string>> = {
  ...{
    experiments: 'experiments',
    runs: 'runs',
    points: 'points of metrics',
    params: 'params',
    tags: 'tags',
  },
  ...{ datasets: 'datasets', files: 'files', bytes: 'bytes of files', loggedModels: 'logged models' },
  ...{ registeredModels: 'registered models', modelVersions: 'model versions', aliases: 'aliases' },
};

/** What came, what was there, and what did not come and why, for people. */
export function reportText({ source, target, isDryRun, isComplete, tally }: Outcome): string {
  const came = isDryRun ? 'would come' : 'came';
  const rows = COUNTED.filter(
    (what) => tally.cameOf(what) + tally.beforeOf(what) > 0 || ALWAYS.has(what),
  ).map((what) => [WORDS[what], count(tally.cameOf(what)), count(tally.beforeOf(what))] as const);
  const lines = [
    `${printable(source)} → ${isDryRun ? 'nowhere (--dry-run)' : target}`,
    '',
    ...table([['', came, 'was there'], ...rows]),
  ];
  const missed = [...tally.notImported].sort((a, b) => Number(b.isFailure) - Number(a.isFailure));
  if (missed.length > 0) lines.push('', 'not imported');
  for (const { what, why, count: times, isFailure, examples } of missed) {
    lines.push(`  ${count(times)} × ${printable(what)}${isFailure ? ' (failed)' : ''}: ${printable(why)}`);
    if (examples[0] !== undefined) lines.push(`      such as ${printable(examples[0])}`);
  }
  if (!isComplete) lines.push('', 'It did not come to its end: started again, it goes on where it was.');
  return `${lines.join('\n')}\n`;
}

/** The same for programs. */
export function reportJson({ source, target, isDryRun, isComplete, tally }: Outcome): string {
  const counts = (of: (what: Counted) => number) =>
    Object.fromEntries(COUNTED.map((what) => [what, of(what)]));
  const report = {
    ...{ source, target: isDryRun ? null : target, dryRun: isDryRun, complete: isComplete },
    came: counts(tally.cameOf),
    wasThere: counts(tally.beforeOf),
    notImported: tally.notImported.map(({ isFailure, ...one }) => ({ ...one, failed: isFailure })),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** Told even where there are none. */
const ALWAYS: ReadonlySet<Counted> = new Set(['experiments', 'runs', 'points', 'files']);

function table(rows: readonly (readonly [string, string, string])[]): readonly string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map(
    ([word, ...numbers]) =>
      `  ${word.padEnd(widths[0] ?? 0)}  ${numbers.map((text, index) => text.padStart(widths[index + 1] ?? 0)).join('  ')}`,
  );
}

const count = (value: number): string => value.toLocaleString('en-US');
