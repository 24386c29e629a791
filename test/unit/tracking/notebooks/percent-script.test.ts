import type {
  CellKind,
  JsonObject,
  Notebook,
  NotebookCell,
} from '../../../../src/tracking/notebooks/notebook';
import { executedInOrder } from '../../../../src/tracking/notebooks/notebook';
import { percentScript } from '../../../../src/tracking/notebooks/percent-script';

const cell = (source: string, metadata: JsonObject = {}, kind: CellKind = 'CODE'): NotebookCell => ({
  ...{ kind, id: null, source, metadata, executionCount: null, outputs: [] },
});
const notebook = (cells: readonly NotebookCell[], language: string | null = 'python'): Notebook => ({
  ...{ format: '4.5', language, kernel: { name: null, displayName: null }, metadata: {}, cells },
});
/** The script without its header. */
const scriptOf = (cells: readonly NotebookCell[], language?: string): string =>
  (percentScript(notebook(cells, language))?.text ?? '').split('---\n\n').at(-1) ?? '';

test('what no test of Jupytext’s says: a marker never gets a second line out of metadata', () => {
  const title = 'A title\nimport os; os.system("x")';
  expect(scriptOf([cell('x = 1', { title })])).toBe(
    '# %% title="A title\\nimport os; os.system(\\"x\\")"\nx = 1\n',
  );
  expect(scriptOf([cell('x', { region_name: 'a\u2028b' }, 'MARKDOWN')])).toMatch(
    /^# %% \[markdown\] region_name=/,
  );
});

test('text of other kinds stays a comment, whatever its lines end with', () => {
  expect(scriptOf([cell('a\rimport os\u2028import sys', {}, 'RAW')])).toBe(
    '# %% [raw]\n# a\n# import os\n# import sys\n',
  );
});

test('a kernel’s facts cannot leave the header', () => {
  const hostile = {
    ...notebook([]),
    metadata: { kernelspec: { name: 'x\nimport os', display_name: 'a: #b' } },
  };
  const lines = percentScript(hostile)?.text.split('\n') ?? [];
  expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  expect(lines).toContain('#     display_name: "a: #b"');
});

test('a language whose comments nobody knows has no script', () => {
  expect(percentScript(notebook([cell('x')], 'brainfuck'))).toBeNull();
});

test.each([
  ['R', '.R'],
  ['C++17', '.cpp'],
  ['C#', '.cs'],
  ['Octave', '.m'],
  ['SQL', '.sql'],
  ['ruby', '.rb'],
])('%s is written with the suffix %s', (language, suffix) => {
  expect(percentScript(notebook([], language))?.suffix).toBe(suffix);
});

test('a notebook of nothing is a header', () => {
  expect(percentScript(notebook([]))?.text).toMatch(/^# ---\n# jupyter:\n[\s\S]*# ---\n$/);
});

describe('executed in order', () => {
  const run = (...counts: (number | null)[]) =>
    executedInOrder(notebook(counts.map((executionCount) => ({ ...cell('x'), executionCount }))));

  test.each([
    [[1, 2, 3], true],
    [[4, 7], true],
    [[2, 1], false],
    [[1, 1], false],
    [[1, null, 2], false],
    [[null, null], null],
    [[], null],
  ])('%j: %s', (counts, expected) => expect(run(...counts)).toBe(expected));

  test('empty cells and text need not be run', () => {
    const cells = [{ ...cell('x'), executionCount: 1 }, cell('  \n'), cell('text', {}, 'MARKDOWN')];
    expect(executedInOrder(notebook(cells))).toBe(true);
  });
});
