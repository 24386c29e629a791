import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { percentScript } from '../../src/tracking/notebooks/percent-script';
import { readNotebook } from '../../src/tracking/notebooks/read-notebook';
import type { Notebook } from '../../src/tracking/notebooks/notebook';

/** What `test/data/notebooks/record.py` has written of each notebook. */
interface Recorded {
  readonly suffix: string;
  readonly script: string;
  readonly cells: readonly {
    readonly cell_type: string;
    readonly source: string;
    readonly execution_count: number | null;
    readonly outputs: readonly { readonly output_type: string }[];
  }[];
}

const folder = join(__dirname, '../data/notebooks');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ipynb'))
  .map((name) => name.slice(0, -'.ipynb'.length));
const recorded = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Recorded;

function read(name: string): Notebook {
  const notebook = readNotebook(readFileSync(join(folder, `${name}.ipynb`)));
  if ('kind' in notebook) throw new Error(notebook.message);
  return notebook;
}

/** Who wrote it is no part of the format; and Jupytext lets the comment of an encoding stay open. */
const comparable = (script: string) =>
  script
    .split('\n')
    .filter((line) => !line.includes('jupytext_version:'))
    .join('\n');

test('there are notebooks of both formats and of many languages', () => {
  expect(names.length).toBeGreaterThanOrEqual(12);
});

test.each(names)('%s becomes the script that Jupytext makes of it', (name) => {
  const { script, suffix } = recorded(name);
  expect(percentScript(read(name))).toEqual({ suffix, text: comparable(script) });
});

test.each(names)('%s has the cells that nbformat finds in it', (name) => {
  const kinds = {
    STREAM: 'stream',
    RESULT: 'execute_result',
    DISPLAY: 'display_data',
    ERROR: 'error',
  } as const;
  const cells = read(name).cells.map(({ kind, source, executionCount, outputs }) => ({
    cell_type: kind.toLowerCase(),
    source,
    execution_count: executionCount,
    outputs: outputs.map((output) => ({ output_type: kinds[output.kind] })),
  }));
  const expected = recorded(name).cells.map(({ outputs, ...cell }) => ({
    ...cell,
    outputs: outputs.map(({ output_type }) => ({ output_type })),
  }));
  expect(cells).toEqual(expected);
});

test('forms of outputs are those that nbformat gives them', () => {
  const [, , code] = recorded('format-3').cells;
  const [, , own] = read('format-3').cells;
  const data = code?.outputs.map((output) => (output as { data?: object }).data ?? null);
  const forms = own?.outputs.map((output) =>
    output.kind === 'RESULT' || output.kind === 'DISPLAY'
      ? Object.fromEntries(output.forms.map(({ mimeType, text }) => [mimeType, text]))
      : null,
  );
  expect(forms).toEqual(data);
});
