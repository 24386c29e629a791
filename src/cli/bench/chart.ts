/** Lines of a chart without its axis. */
const HEIGHT = 8;
/** Characters before the axis. */
const LABEL_WIDTH = 9;
const LEAST_COLUMNS = 20;
const MOST_COLUMNS = 100;

/** What a chart is drawn with: eighths of a character for people, plain ASCII for files. */
const FINE = { parts: ' ▁▂▃▄▅▆▇█', side: '┤', corner: '└', line: '─' };
const PLAIN = { parts: ' #', side: '|', corner: '+', line: '-' };

export interface Chart {
  readonly title: string;
  /** Not negative; one for each character of the width. */
  readonly values: readonly number[];
  /** What stands below: at which column it begins. */
  readonly labels: readonly { readonly column: number; readonly text: string }[];
  readonly unit: string;
}

/** How many values a chart of so many characters shows. */
export const columnsFor = (width: number): number =>
  Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, width - LABEL_WIDTH - 2));

/** Columns from 0 up to the largest value. */
export function drawChart({ title, values, labels, unit }: Chart, isFine: boolean): readonly string[] {
  const glyphs = isFine ? FINE : PLAIN;
  const top = Math.max(...values, Number.MIN_VALUE);
  const lines = Array.from({ length: HEIGHT }, (_, line) => {
    const row = HEIGHT - 1 - line;
    const label = line === 0 ? top : row === HEIGHT / 2 - 1 ? top / 2 : null;
    const text = values.map((value) => cell((value / top) * HEIGHT - row, glyphs.parts)).join('');
    return `${axisLabel(label, unit)} ${glyphs.side}${text.trimEnd()}`;
  });
  const axis = `${axisLabel(0, unit)} ${glyphs.corner}${glyphs.line.repeat(values.length)}`;
  return [title, ...lines, axis, `${' '.repeat(LABEL_WIDTH + 2)}${labelLine(labels, values.length)}`];
}

/** @param filled characters, of which this one shows what is between 0 and 1 */
function cell(filled: number, parts: string): string {
  const part = Math.round(Math.min(1, Math.max(0, filled)) * (parts.length - 1));
  return parts[part] ?? ' ';
}

const axisLabel = (value: number | null, unit: string): string =>
  (value === null ? '' : `${shortNumber(value)} ${unit}`).padStart(LABEL_WIDTH);

/** Labels that would run into the one before, or out of the chart, are left out. */
function labelLine(labels: Chart['labels'], width: number): string {
  let line = '';
  for (const { column, text } of labels) {
    const at = Math.min(column, width - text.length);
    if (at < 0 || (line !== '' && at <= line.length)) continue;
    line = line.padEnd(at) + text;
  }
  return line;
}

/** Three figures at most. */
export function shortNumber(value: number): string {
  const decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
