import type { FoundRun } from '../operations/search-runs';
import { columnsOf, type Cell } from './run-columns';

/**
 * Runs as CSV (RFC 4180, with line feeds): a line of titles, then one for each run. A text that a spreadsheet would run
 * as a formula, since it begins with = + - @ or a tab or line break, gets an apostrophe before it, unless it is a
 * number; `isRaw` leaves all texts as they are.
 */
export function runsCsv(runs: readonly FoundRun[], isRaw: boolean): string {
  const columns = columnsOf(runs);
  const guard = (cell: Cell): Cell => (isRaw || typeof cell !== 'string' ? cell : guarded(cell));
  const lines = [
    columns.map(({ title }) => title),
    ...runs.map((run) => columns.map(({ cell }) => guard(cell(run)))),
  ];
  return lines.map((cells) => `${cells.map(quoted).join(',')}\n`).join('');
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+|Infinity)(e[+-]?\d+)?$/i;

const guarded = (text: string): string =>
  /^[=+\-@\t\r\n]/.test(text) && !NUMBER.test(text) ? `'${text}` : text;

function quoted(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  // An empty text is not the same as none.
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
