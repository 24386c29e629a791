import { shorten, type UserError } from '../../kernel/errors';
import { parseJson } from '../../kernel/json/exact-json';
import { isObject, isTooDeep, MAX_DEPTH, NotebookFault, textOf } from './notebook-json';
import type { CellKind, JsonObject, Notebook, NotebookCell } from './notebook';
import { readOutputs } from './read-outputs';

/**
 * Largest notebook that is read, in bytes: reading one takes the server a tenth of a second, and some of its memory.
 */
export const MAX_NOTEBOOK_BYTES = 16 * 1024 * 1024;
/** More cells than anybody scrolls through; comparing costs more than in proportion. */
export const MAX_CELLS = 5_000;

/** Why a file cannot be shown as a notebook. */
export type UnreadableNotebook = UserError<'UnreadableNotebookError'>;

export const unreadable = (code: string, message: string): UnreadableNotebook => ({
  kind: 'UnreadableNotebookError',
  code,
  message,
});

export const notebookTooLarge = (sizeBytes: number): UnreadableNotebook =>
  unreadable(
    'NOTEBOOK_TOO_LARGE',
    `The notebook has ${sizeBytes} bytes; at most ${MAX_NOTEBOOK_BYTES} are read. Clear its outputs, or download it as it is.`,
  );

/** Reads a notebook of format 3 or 4. What it need not have may be absent; what it has must be of the form. */
export function readNotebook(bytes: Uint8Array): Notebook | UnreadableNotebook {
  if (bytes.byteLength > MAX_NOTEBOOK_BYTES) return notebookTooLarge(bytes.byteLength);
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return unreadable('NOT_JSON', `The file is not JSON: ${shorten((error as Error).message, 200)}`);
  }
  try {
    return notebookOf(json);
  } catch (error) {
    if (error instanceof NotebookFault) return unreadable(error.code, error.message);
    throw error;
  }
}

function notebookOf(json: unknown): Notebook {
  if (!isObject(json) || !Number.isInteger(json.nbformat))
    throw new NotebookFault('The file is JSON, but no notebook: it has no number `nbformat`.');
  const major = json.nbformat as number;
  const minor = Number.isInteger(json.nbformat_minor) ? (json.nbformat_minor as number) : 0;
  if (major !== 3 && major !== 4)
    throw new NotebookFault(
      `The notebook is of format ${major}; formats 3 and 4 are read. Save it with a current Jupyter.`,
      'NOTEBOOK_FORMAT',
    );
  const metadata = metadataOf(json, 'metadata');
  const given = major === 4 ? listOf(json.cells, 'cells') : sheetCells(json.worksheets);
  if (given.length > MAX_CELLS)
    throw new NotebookFault(`The notebook has ${given.length} cells; at most ${MAX_CELLS} are read.`);
  const cells = given.map(({ cell, path }) => cellOf(cell, path));
  const kernelspec = isObject(metadata.kernelspec) ? metadata.kernelspec : {};
  const ownLanguage = major === 3 ? given.map(({ cell }) => isObject(cell) && cell.language) : [];
  return {
    format: `${major}.${minor}`,
    language: languageOf(metadata, kernelspec) ?? firstText(...ownLanguage),
    kernel: { name: firstText(kernelspec.name), displayName: firstText(kernelspec.display_name) },
    metadata,
    cells,
  };
}

interface PlacedCell {
  readonly cell: unknown;
  /** Where it stands, for whoever has to mend it. */
  readonly path: string;
}

function listOf(list: unknown, path: string): readonly PlacedCell[] {
  if (!Array.isArray(list)) throw new NotebookFault(`\`${path}\` should be a list.`);
  return (list as readonly unknown[]).map((cell, at) => ({ cell, path: `${path}[${at}]` }));
}

/** The sheets of format 3, of which nobody ever made more than one, one after the other. */
const sheetCells = (sheets: unknown): readonly PlacedCell[] =>
  listOf(sheets, 'worksheets').flatMap(({ cell: sheet, path }) =>
    listOf(isObject(sheet) ? sheet.cells : undefined, `${path}.cells`),
  );

function cellOf(cell: unknown, path: string): NotebookCell {
  if (!isObject(cell)) throw new NotebookFault(`\`${path}\` should be a cell.`);
  const type = cell.cell_type;
  const isHeading = type === 'heading'; // of format 3, as is `html`
  const kind = typeof type === 'string' ? KINDS.get(type) : undefined;
  if (!kind) throw new NotebookFault(`\`${path}.cell_type\` should be code, markdown or raw.`);
  const isOldCode = kind === 'CODE' && cell.source === undefined;
  const key = isOldCode ? 'input' : 'source';
  const source = textOf(cell[key], `${path}.${key}`);
  return {
    kind,
    id: firstText(cell.id),
    source: isHeading ? headingOf(source, cell.level) : source,
    executionCount: kind === 'CODE' ? countOf(cell.execution_count ?? cell.prompt_number) : null,
    metadata: metadataOf(cell, `${path}.metadata`),
    outputs: kind === 'CODE' ? readOutputs(cell.outputs, `${path}.outputs`) : [],
  };
}

const KINDS: ReadonlyMap<string, CellKind> = new Map([
  ['code', 'CODE'],
  ['markdown', 'MARKDOWN'],
  ['raw', 'RAW'],
  ['heading', 'MARKDOWN'],
  ['html', 'MARKDOWN'],
]);

/** What format 4 has in place of a heading: one line of Markdown. */
function headingOf(source: string, level: unknown): string {
  const depth = typeof level === 'number' && level >= 1 && level <= 6 ? Math.trunc(level) : 1;
  return `${'#'.repeat(depth)} ${source.split(/\r?\n/).join(' ').trimEnd()}`;
}

const countOf = (count: unknown): number | null => (Number.isInteger(count) ? (count as number) : null);

function metadataOf({ metadata = {} }: JsonObject, path: string): JsonObject {
  if (!isObject(metadata)) throw new NotebookFault(`\`${path}\` should be an object.`);
  if (isTooDeep(metadata)) throw new NotebookFault(`\`${path}\` is nested deeper than ${MAX_DEPTH} levels.`);
  return metadata;
}

function languageOf(metadata: JsonObject, kernelspec: JsonObject): string | null {
  const jupytext = isObject(metadata.jupytext) ? metadata.jupytext : {};
  const info = isObject(metadata.language_info) ? metadata.language_info : {};
  return firstText(jupytext.main_language, kernelspec.language, info.name);
}

const firstText = (...values: readonly unknown[]): string | null =>
  values.find((value): value is string => typeof value === 'string' && value !== '') ?? null;
