import type { NotebookCell, NotebookOutput } from './notebook';

/** What of outputs is compared. */
export interface OutputView {
  /** Pictures, films, sounds and printed pages: two drawings of the same data rarely have the same bytes. */
  readonly images: boolean;
  readonly executionCounts: boolean;
}

/**
 * What a cell has shown, as lines that may be compared: without what differs from one execution to the next though
 * nothing has changed. Those are addresses in memory, colours, the ids of widgets, and how a stream was cut into
 * pieces.
 */
export function outputLines({ outputs }: NotebookCell, view: OutputView): string[] {
  return joinedStreams(outputs).flatMap((output) =>
    output.forms
      .filter(({ mimeType }) => mimeType !== WIDGET && (view.images || !isImage(mimeType)))
      .flatMap(({ mimeType, text }) => [
        `[${titleOf(output, mimeType)}]`,
        ...(isImage(mimeType) ? [text.trim()] : plainLines(text, view)),
      ]),
  );
}

const WIDGET = 'application/vnd.jupyter.widget-view+json';

export const isImage = (mimeType: string): boolean =>
  /^(?:image|video|audio)\//.test(mimeType) || mimeType === 'application/pdf';

function titleOf({ kind, name }: NotebookOutput, mimeType: string): string {
  return kind === 'STREAM' || kind === 'ERROR' ? (name ?? 'error') : mimeType;
}

/** Pieces of one stream that follow on each other are one: where it was cut, only the clock decided. */
function joinedStreams(outputs: readonly NotebookOutput[]): readonly NotebookOutput[] {
  const joined: NotebookOutput[] = [];
  for (const output of outputs) {
    const last = joined.at(-1);
    if (output.kind === 'STREAM' && last?.kind === 'STREAM' && last.name === output.name) {
      const text = [...last.forms, ...output.forms].map((form) => form.text).join('');
      joined[joined.length - 1] = { ...last, forms: [{ mimeType: 'text/plain', text }] };
    } else joined.push(output);
  }
  return joined;
}

function plainLines(text: string, { executionCounts }: OutputView): string[] {
  const plain = text
    .replace(/\x1b\[[0-9;]*[A-Za-z]/g, '')
    .replace(/\b0x[0-9a-fA-F]{6,16}\b/g, '0x…')
    .replace(/\n$/, '');
  const counted = executionCounts
    ? plain
    : plain.replace(/\bIn ?\[\d+\]/g, 'In[…]').replace(/<ipython-input-\d+-[0-9a-f]+>/g, '<ipython-input>');
  return counted.split(/\r?\n/);
}
