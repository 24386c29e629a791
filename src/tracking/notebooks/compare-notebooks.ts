import { EDITOR_METADATA } from './cell-options';
import { increasing } from './increasing';
import { lineDiff, type LineDiff } from './line-diff';
import { matchCells, type CellMatch } from './match-cells';
import type { JsonObject, Notebook, NotebookCell } from './notebook';
import { outputLines, type OutputView } from './output-lines';

export const CELL_CHANGES = ['UNCHANGED', 'CHANGED', 'ADDED', 'REMOVED', 'MOVED'] as const;
export type CellChange = (typeof CELL_CHANGES)[number];

/** One cell of two notebooks, or what became of it. */
export interface ComparedCell {
  /** Null where it was added. */
  readonly a: NotebookCell | null;
  /** Null where it was removed. */
  readonly b: NotebookCell | null;
  /** `CHANGED` where anything in it differs, wherever it stands; `MOVED` where only its place does. */
  readonly change: CellChange;
  readonly isMoved: boolean;
  readonly matchedBy: CellMatch['by'] | null;
  readonly sourceChanged: boolean;
  readonly outputsChanged: boolean;
  /** Keys of its metadata that differ, without what editors write by themselves. */
  readonly metadataChanges: readonly string[];
  /** False where nobody asked. */
  readonly executionCountChanged: boolean;
  readonly view: OutputView;
}

export interface NotebookComparison {
  /** In the order of `b`; what was removed stands where it stood in `a`. */
  readonly cells: readonly ComparedCell[];
  readonly metadataChanges: readonly string[];
}

/** Cell by cell. What changes whenever a notebook is opened or run again is no change. */
export function compareNotebooks(a: Notebook, b: Notebook, view: OutputView): NotebookComparison {
  const matches = matchCells(a.cells, b.cells);
  const steady = increasing(matches, (match) => match.b);
  const cells = rowsOf(matches, steady, a.cells.length, b.cells.length).map(({ inA, inB, match, isMoved }) =>
    comparedCell({
      ...{ a: cellAt(a, inA), b: cellAt(b, inB) },
      ...{ matchedBy: match?.by ?? null, isMoved, view },
    }),
  );
  const ignored = (key: string) =>
    key === 'language_info' || key === 'widgets' || key.startsWith('orig_nbformat');
  return { cells, metadataChanges: changedKeys(a.metadata, b.metadata, ignored) };
}

const cellAt = ({ cells }: Notebook, at: number | null) => (at === null ? null : (cells[at] ?? null));

interface Row {
  readonly inA: number | null;
  readonly inB: number | null;
  readonly match: CellMatch | null;
  readonly isMoved: boolean;
}

/** Both notebooks in one list: between cells that kept their order, first what went, then what came. */
function rowsOf(
  matches: readonly CellMatch[],
  steady: readonly CellMatch[],
  lengthA: number,
  lengthB: number,
): readonly Row[] {
  const ofA = new Set(matches.map((match) => match.a));
  const ofB = new Map(matches.map((match) => [match.b, match]));
  const rows: Row[] = [];
  let inA = 0;
  let inB = 0;
  const upTo = (endA: number, endB: number) => {
    for (; inA < endA; inA += 1)
      if (!ofA.has(inA)) rows.push({ inA, inB: null, match: null, isMoved: false });
    for (; inB < endB; inB += 1) {
      const match = ofB.get(inB) ?? null;
      rows.push({ inA: match?.a ?? null, inB, match, isMoved: match !== null });
    }
  };
  for (const match of steady) {
    upTo(match.a, match.b);
    rows.push({ inA: match.a, inB: match.b, match, isMoved: false });
    inA = match.a + 1;
    inB = match.b + 1;
  }
  upTo(lengthA, lengthB);
  return rows;
}

function comparedCell(row: Pick<ComparedCell, 'a' | 'b' | 'matchedBy' | 'isMoved' | 'view'>): ComparedCell {
  const { a, b, view } = row;
  if (!a || !b) {
    const change = a ? 'REMOVED' : 'ADDED';
    const has = (a ?? b)?.outputs.length !== 0;
    return { ...row, change, ...{ sourceChanged: true, outputsChanged: has }, ...NO_FACTS };
  }
  const sourceChanged = a.kind !== b.kind || a.source !== b.source;
  const outputsChanged = !isSame(outputLines(a, view), outputLines(b, view));
  const metadataChanges = changedKeys(a.metadata, b.metadata, (key) => NOISE.has(key));
  const executionCountChanged = view.executionCounts && a.executionCount !== b.executionCount;
  const isChanged = sourceChanged || outputsChanged || metadataChanges.length > 0 || executionCountChanged;
  const change = isChanged ? 'CHANGED' : row.isMoved ? 'MOVED' : 'UNCHANGED';
  return { ...row, change, sourceChanged, outputsChanged, metadataChanges, executionCountChanged };
}

/** What notebook programs, and those that run notebooks, write into cells by themselves. */
const NOISE: ReadonlySet<string> = new Set([
  ...EDITOR_METADATA,
  ...['jupyter', 'hidden', 'heading_collapsed', 'vscode', 'pycharm', 'papermill'],
  ...['colab', 'id', 'executionInfo', 'outputId', 'colab_type'],
]);

const NO_FACTS = { metadataChanges: [], executionCountChanged: false } as const;

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((line, at) => line === b[at]);

/** Most keys that are told: what has more is not metadata of a person. */
const MAX_KEYS = 50;

function changedKeys(a: JsonObject, b: JsonObject, isIgnored: (key: string) => boolean): readonly string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys]
    .filter((key) => !isIgnored(key) && written(a[key]) !== written(b[key]))
    .sort()
    .slice(0, MAX_KEYS);
}

/** As text, whatever order its keys have; what is empty says as much as what is absent. */
function written(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '' : `[${value.map(written).join()}]`;
  if (typeof value !== 'object' || value === null) return value === undefined ? '' : JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return members.length === 0
    ? ''
    : `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${written(inner)}`).join()}}`;
}

const linesOf = (source: string | undefined): readonly string[] =>
  source === undefined || source === '' ? [] : source.split(/\r?\n/);

/** Null where the text is the same. */
export const sourceDiff = ({ a, b, sourceChanged }: ComparedCell): LineDiff | null =>
  sourceChanged ? lineDiff(linesOf(a?.source), linesOf(b?.source)) : null;

/** Null where they are the same. Of an output its form stands above it: `[stdout]`, `[text/html]`. */
export const outputDiff = ({ a, b, outputsChanged, view }: ComparedCell): LineDiff | null =>
  outputsChanged ? lineDiff(a ? outputLines(a, view) : [], b ? outputLines(b, view) : []) : null;
