import type { FoundRun } from '../operations/search-runs';
import { keysOf, metricColumn, paramColumn, type Cell, type RunColumn } from './run-columns';

/** Widest column, in characters. */
const MAX_CELL = 32;
/** Of a number. */
const DIGITS = 6;
const GAP = '  ';

interface TableColumn extends RunColumn {
  /** Whether a part of it is of no use: it is there as a whole, or not at all. */
  readonly isWhole?: boolean;
}

export interface Table {
  readonly text: string;
  /** Titles of what there was no room for. */
  readonly leftOut: readonly string[];
}

/** Runs as lines of at most `width` characters: who they are, then as many metrics and params as fit. */
export function runsTable(runs: readonly FoundRun[], width: number): Table {
  const shown: { readonly title: string; readonly cells: readonly string[]; readonly size: number }[] = [];
  const leftOut: string[] = [];
  let used = 0;
  for (const { title, cell, isWhole = false } of columnsFor(runs)) {
    const cells = runs.map((run) => textOf(cell(run)));
    const longest = Math.max(lengthOf(title), ...cells.map(lengthOf));
    const size = isWhole ? longest : Math.min(MAX_CELL, longest);
    const needed = size + (shown.length > 0 ? GAP.length : 0);
    // The name is there however narrow it is.
    if (used + needed > width && shown.length > 0) leftOut.push(title);
    else {
      shown.push({ title, cells, size: Math.min(size, width) });
      used += needed;
    }
  }
  const lineOf = (cells: readonly string[]) =>
    shown
      .map(({ size }, column) => padded(cells[column] ?? '', size))
      .join(GAP)
      .trimEnd();
  const lines = [
    lineOf(shown.map(({ title }) => title)),
    ...runs.map((_, row) => lineOf(shown.map(({ cells }) => cells[row] ?? ''))),
  ];
  return { text: `${lines.join('\n')}\n`, leftOut };
}

function columnsFor(runs: readonly FoundRun[]): readonly TableColumn[] {
  const experiments = new Set(runs.map(({ experiment }) => experiment.name));
  const metrics = keysOf(runs, (run) => run.metrics);
  const isOfSystem = (key: string) => key.startsWith('system/');
  return [
    { title: 'name', cell: ({ name }) => name },
    ...(experiments.size > 1
      ? [{ title: 'experiment', cell: ({ experiment }: FoundRun) => experiment.name }]
      : []),
    { title: 'status', cell: ({ status }) => status.toLowerCase() },
    { title: 'started', cell: ({ startedAt }) => startedAt.slice(0, 16).replace('T', ' ') },
    ...metrics.filter((key) => !isOfSystem(key)).map((key) => metricColumn(key, oneLine(key))),
    ...keysOf(runs, ({ params }) => params).map((key) => paramColumn(key, oneLine(key))),
    { title: 'id', cell: ({ id }) => id, isWhole: true },
    ...metrics.filter(isOfSystem).map((key) => metricColumn(key, oneLine(key))),
  ];
}

function textOf(cell: Cell): string {
  if (cell === null) return '';
  return typeof cell === 'number' ? String(Number(cell.toPrecision(DIGITS))) : oneLine(cell);
}

/** What people have written must not move the cursor, or write lines of its own. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/gu, '·');

const lengthOf = (text: string): number => [...text].length;

function padded(text: string, size: number): string {
  const characters = [...text];
  if (characters.length > size) return `${characters.slice(0, size - 1).join('')}…`;
  return text + ' '.repeat(size - characters.length);
}
