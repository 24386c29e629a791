/** What JSON calls an object. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const CELL_KINDS = ['CODE', 'MARKDOWN', 'RAW'] as const;
export type CellKind = (typeof CELL_KINDS)[number];

export const OUTPUT_KINDS = ['STREAM', 'RESULT', 'DISPLAY', 'ERROR'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** What a code cell has shown when it was run. */
export interface NotebookOutput {
  readonly kind: OutputKind;
  /** Of a stream its name (`stdout`), of an error its class (`ValueError`), else null. */
  readonly name: string | null;
  /** The same thing in several forms, as text: bytes are in base64, JSON is written again. */
  readonly forms: readonly OutputForm[];
}
export interface OutputForm {
  readonly mimeType: string;
  readonly text: string;
}

export interface NotebookCell {
  readonly kind: CellKind;
  /** Names the cell in its notebook, from format 4.5 on. Null where it has none. */
  readonly id: string | null;
  readonly source: string;
  /** Which of the kernel's executions ran it last. Null where it was not run, or is no code. */
  readonly executionCount: number | null;
  readonly metadata: JsonObject;
  readonly outputs: readonly NotebookOutput[];
}

export interface Kernel {
  readonly name: string | null;
  readonly displayName: string | null;
}

/** A notebook as it reads, whichever version of the format it was written in. */
export interface Notebook {
  /** `4.5`, `3.0`. */
  readonly format: string;
  /** As the notebook says it; null where it does not. */
  readonly language: string | null;
  readonly kernel: Kernel;
  readonly metadata: JsonObject;
  readonly cells: readonly NotebookCell[];
}

/**
 * Whether the code stands in the order in which it was run: every code cell that is not empty was run, each later than
 * the one above it. Null where nothing was run.
 */
export function executedInOrder({ cells }: Notebook): boolean | null {
  const counts = cells
    .filter(({ kind, source }) => kind === 'CODE' && source.trim() !== '')
    .map(({ executionCount }) => executionCount);
  if (counts.every((count) => count === null)) return null;
  return counts.every((count, at) => count !== null && (at === 0 || count > (counts[at - 1] ?? Infinity)));
}
