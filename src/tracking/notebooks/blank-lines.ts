import { QuotedLines } from './quoted-lines';
import { scriptLanguage, type ScriptLanguage } from './script-language';

/** Lines that are looked at below a cell: further ones decide nothing in any script that somebody wrote. */
const MAX_LINES_BELOW = 2_000;
const PYTHON = scriptLanguage('python');

/**
 * Blank lines between a cell and what follows it: one, or in Python two around functions and classes, as PEP 8 has it.
 *
 * @param below what follows, empty at the end of the script
 */
export function blankLinesBetween(
  cell: readonly string[],
  below: Iterable<string>,
  { name }: ScriptLanguage,
): 0 | 1 | 2 {
  const next = firstOf(below, MAX_LINES_BELOW);
  if (next.length === 0) return 1;
  if (cell.length === 0) return 0;
  if (name !== 'python') return 1;
  if (endsInDefinition(cell)) return hasCode(next) ? 2 : 1;
  return endsInCode(cell) && beginsWithDefinition(next) ? 2 : 1;
}

function firstOf(lines: Iterable<string>, count: number): readonly string[] {
  const first: string[] = [];
  for (const line of lines) {
    if (first.length === count) break;
    first.push(line);
  }
  return first;
}

const isBlank = (line: string | undefined): boolean => line !== undefined && line.trim() === '';
const isDefinition = (line: string) => /^(?:def|async|class) /.test(line);

/** Whether the first line of code defines something. Two blank lines before it are enough already. */
function beginsWithDefinition(lines: readonly string[]): boolean {
  const quoted = new QuotedLines(PYTHON);
  for (const [at, line] of lines.entries()) {
    const wasOpen = quoted.isOpen;
    quoted.read(line);
    if (wasOpen) continue;
    if (isBlank(line)) {
      if (isBlank(lines[at - 1])) return false;
    } else if (isDefinition(line)) return true;
    else if (!/^[#@ )]/.test(line)) return false;
  }
  return false;
}

/** Whether the last line belongs to a definition. Two blank lines below it are enough already. */
function endsInDefinition(lines: readonly string[]): boolean {
  const quoted = new QuotedLines(PYTHON);
  const upwards = lines
    .filter((line) => {
      const isOutside = !quoted.isOpen;
      quoted.read(line);
      return isOutside;
    })
    .reverse();
  for (const [at, line] of upwards.entries()) {
    if (isBlank(line)) {
      if (isBlank(upwards[at - 1])) return false;
    } else if (!/^[# )]/.test(line)) return isDefinition(line);
  }
  return false;
}

function endsInCode(lines: readonly string[]): boolean {
  const last = lines.at(-1) ?? '';
  return !isBlank(last) && !last.startsWith('#');
}

function hasCode(lines: readonly string[]): boolean {
  for (const [at, line] of lines.entries()) {
    if (isBlank(line)) {
      if (isBlank(lines[at - 1])) return false;
    } else if (!line.trimStart().startsWith('#')) return true;
  }
  return false;
}
