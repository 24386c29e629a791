import { cellOptions, scriptMetadata } from './cell-options';
import { blankLinesBetween } from './blank-lines';
import { withCommentedMagics } from './magics';
import { isObject } from './notebook-json';
import type { Notebook, NotebookCell } from './notebook';
import { scriptHeader } from './script-header';
import {
  cellLanguage,
  commented,
  scriptLanguage,
  usualLanguage,
  type ScriptLanguage,
} from './script-language';

/** A notebook as a plain program, without what it has shown. */
export interface Script {
  /** `.py`. */
  readonly suffix: string;
  readonly text: string;
}

/** A notebook that does not say its language is taken for Python, which nearly all are. */
const UNSAID = 'python';

/**
 * The notebook as a script in Jupytext's percent format (version 1.3): cells begin with `# %%`, what is no code of its
 * language is commented. Null where nobody here knows how its language marks a comment.
 */
export function percentScript(notebook: Notebook): Script | null {
  const language = scriptLanguage(notebook.language ?? UNSAID);
  if (!language) return null;
  const { header, cells } = scriptHeader(notebook, language);
  const blocks: string[][] = []; // from the last to the first: how many blank lines a cell needs, what follows it decides
  const below = function* () {
    for (let at = blocks.length - 1; at >= 0; at -= 1) yield* blocks[at] ?? [];
  };
  for (const cell of [...cells].reverse()) {
    const lines = cellLines(cell, language);
    const wanted = cell.metadata.lines_to_next_cell;
    const isSaid = typeof wanted === 'number' && BLANK_LINES.has(wanted);
    blocks.push([...lines, ...blanks(isSaid ? wanted : blankLinesBetween(lines, below(), language))]);
  }
  const top = [...header, ...blanks(blankLinesBetween(header, below(), language))];
  const text = [...top, ...below()].join('\n');
  return { suffix: language.suffix, text: text.endsWith('\n') ? text : `${text}\n` };
}

/** What somebody may have wanted between two cells. */
const BLANK_LINES: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5]);
const blanks = (count: number): string[] => Array<string>(count).fill('');

function cellLines(cell: NotebookCell, main: ScriptLanguage): string[] {
  const lines = linesOf(cell.source);
  const metadata = scriptMetadata(cell.metadata);
  const said = cellLanguage(lines[0] ?? '', main);
  if (said) {
    lines.shift();
    if (said.magicArguments !== '') metadata.push(['magic_args', said.magicArguments]);
    metadata.push(['language', said.language]);
  }
  const own = said?.language ?? cell.metadata.language;
  const name = typeof own === 'string' ? own : main.name;
  const isCode = cell.kind === 'CODE' || isSaidToRun(cell);
  const isActive = isCode && isActiveIn(main, metadata, usualLanguage(name) === main.name);
  const options = cellOptions(metadata, isCode ? null : cell.kind.toLowerCase());
  const indent = isActive && lines[0]?.trim() ? (/^\s*/.exec(lines[0])?.[0] ?? '') : '';
  const marker = options === '' || options.startsWith('%') ? `%%${options}` : `%% ${options}`;
  const head = `${indent}${commented(marker, main)}`;
  if (!isActive) return [head, ...lines.map((line) => commented(line, main))];
  const isEmpty = lines.length === 1 && lines[0] === '';
  const language = scriptLanguage(name);
  return isEmpty ? [head] : [head, ...(language ? withCommentedMagics(lines, language) : lines)];
}

/** Cells of other kinds are code for some formats, where their metadata say so. */
function isSaidToRun({ kind, metadata: { tags, active } }: NotebookCell): boolean {
  return (kind === 'RAW' && typeof active === 'string' && active !== '') || activeTag(tags) !== undefined;
}

const activeTag = (tags: unknown): string | undefined =>
  (Array.isArray(tags) ? (tags as readonly unknown[]) : []).find(
    (tag): tag is string => typeof tag === 'string' && tag.startsWith('active-'),
  );

/** Whether the cell is to run in the script: tags such as `active-ipynb` and frozen cells say otherwise. */
function isActiveIn(
  { suffix }: ScriptLanguage,
  metadata: readonly (readonly [string, unknown])[],
  isMainLanguage: boolean,
): boolean {
  const { run_control: control, tags, active } = Object.fromEntries(metadata);
  if (isObject(control) && control.frozen === true) return false;
  const extension = suffix.slice(1);
  const tag = activeTag(tags);
  if (tag !== undefined) return tag.split('-').includes(extension);
  return typeof active === 'string' ? active.split(/[.,]/).includes(extension) : isMainLanguage;
}

/** Ends of lines as Python knows them. */
const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

/** At least one line; a text that ends with an end of line has an empty one behind it. */
function linesOf(source: string): string[] {
  const lines = source.split(LINE_END);
  if (lines.length > 1 && lines.at(-1) === '' && !source.endsWith('\n')) lines.pop();
  return lines;
}
