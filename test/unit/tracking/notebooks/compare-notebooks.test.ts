import {
  compareNotebooks,
  outputDiff,
  sourceDiff,
  type NotebookComparison,
} from '../../../../src/tracking/notebooks/compare-notebooks';
import { increasing } from '../../../../src/tracking/notebooks/increasing';
import { lineDiff, MAX_DIFF_LINES } from '../../../../src/tracking/notebooks/line-diff';
import type { Notebook, NotebookCell, NotebookOutput } from '../../../../src/tracking/notebooks/notebook';

type Part = Partial<NotebookCell>;
const cell = (source: string, part: Part = {}): NotebookCell => ({
  ...{ kind: 'CODE', id: null, source, metadata: {}, executionCount: null, outputs: [] },
  ...part,
});
const notebook = (...cells: readonly (string | NotebookCell)[]): Notebook => ({
  ...{ format: '4.5', language: 'python', kernel: { name: null, displayName: null }, metadata: {} },
  cells: cells.map((one) => (typeof one === 'string' ? cell(one) : one)),
});
const printed = (text: string, name = 'stdout'): NotebookOutput => ({
  kind: 'STREAM',
  name,
  forms: [{ mimeType: 'text/plain', text }],
});
const shown = (forms: Record<string, string>): NotebookOutput => ({
  kind: 'DISPLAY',
  name: null,
  forms: Object.entries(forms).map(([mimeType, text]) => ({ mimeType, text })),
});
const VIEW = { images: false, executionCounts: false };
const compare = (a: Notebook, b: Notebook, view = VIEW) => compareNotebooks(a, b, view);
const story = ({ cells }: NotebookComparison) =>
  cells.map(({ a, b, change }) => `${change} ${(b ?? a)?.source}`);
const changeOf = (a: Part, b: Part, view = VIEW) =>
  compare(notebook(cell('x', a)), notebook(cell('x', b)), view).cells[0]?.change;

const LOAD = 'frame = pd.read_csv("penguins.csv")';
const FIT = 'model = Ridge(alpha=0.1).fit(frame[["flipper"]], frame["mass"])';
const PLOT = 'frame.plot.scatter("flipper", "mass")';

describe('cells without ids', () => {
  test('the same notebook is unchanged', () => {
    expect(story(compare(notebook(LOAD, FIT, ''), notebook(LOAD, FIT, '')))).toEqual([
      ...[`UNCHANGED ${LOAD}`, `UNCHANGED ${FIT}`, 'UNCHANGED '],
    ]);
  });

  test('a similar cell has changed; another is removed and added', () => {
    const stronger = FIT.replace('0.1', '0.5');
    const after = notebook('print("begin")', LOAD, stronger);
    expect(story(compare(notebook(LOAD, FIT, PLOT), after))).toEqual([
      ...['ADDED print("begin")', `UNCHANGED ${LOAD}`, `CHANGED ${stronger}`, `REMOVED ${PLOT}`],
    ]);
  });

  test('text that became code is another cell', () => {
    const text = cell(LOAD, { kind: 'MARKDOWN' });
    expect(story(compare(notebook(text), notebook(LOAD)))).toEqual([`REMOVED ${LOAD}`, `ADDED ${LOAD}`]);
  });

  test('a cell that only stands elsewhere has moved, and stands there', () => {
    expect(story(compare(notebook(PLOT, LOAD, FIT), notebook(LOAD, FIT, PLOT)))).toEqual([
      ...[`UNCHANGED ${LOAD}`, `UNCHANGED ${FIT}`, `MOVED ${PLOT}`],
    ]);
  });

  test('empty cells do not move', () => {
    expect(story(compare(notebook('', LOAD), notebook(LOAD, '')))).toEqual([
      ...['REMOVED ', `UNCHANGED ${LOAD}`, 'ADDED '],
    ]);
  });

  test('of cells that occur twice, no more move than must', () => {
    const { cells } = compare(notebook(LOAD, FIT, LOAD), notebook(LOAD, LOAD, FIT, LOAD));
    expect(cells.map(({ change }) => change).sort()).toEqual([
      'ADDED',
      'UNCHANGED',
      'UNCHANGED',
      'UNCHANGED',
    ]);
  });
});

describe('cells with ids', () => {
  const id = (name: string, source: string) => cell(source, { id: name });

  test('one that was written anew is the same cell', () => {
    const { cells } = compare(
      notebook(id('a', LOAD), id('b', FIT)),
      notebook(id('a', 'print(1)'), id('b', FIT)),
    );
    expect(cells[0]).toMatchObject({ change: 'CHANGED', matchedBy: 'ID', sourceChanged: true });
  });

  test('one that was moved and changed says both', () => {
    const before = notebook(id('a', PLOT), id('b', LOAD), id('c', FIT));
    const after = notebook(id('b', LOAD), id('c', FIT), id('a', 'print(1)'));
    expect(compare(before, after).cells[2]).toMatchObject({
      change: 'CHANGED',
      isMoved: true,
      matchedBy: 'ID',
    });
  });

  test('where ids were made anew, the content tells', () => {
    const { cells } = compare(notebook(id('a', LOAD)), notebook(id('z', LOAD)));
    expect(cells).toMatchObject([{ change: 'UNCHANGED', matchedBy: 'CONTENT' }]);
  });

  test('an id that stands twice names nobody', () => {
    const { cells } = compare(notebook(id('a', LOAD), id('a', FIT)), notebook(id('a', FIT)));
    expect(cells.map(({ change, matchedBy }) => [change, matchedBy])).toEqual([
      ['REMOVED', null],
      ['UNCHANGED', 'CONTENT'],
    ]);
  });

  test('a kind that changed is a change of the source', () => {
    const { cells } = compare(notebook(id('a', LOAD)), notebook({ ...id('a', LOAD), kind: 'RAW' }));
    expect(cells).toMatchObject([{ change: 'CHANGED', sourceChanged: true, outputsChanged: false }]);
  });
});

describe('what is no change', () => {
  test.each<[string, Part, Part]>([
    ['the number of an execution', { executionCount: 1 }, { executionCount: 7 }],
    [
      'what editors write',
      { metadata: { collapsed: true, tags: [] } },
      { metadata: { ExecuteTime: { a: 1 } } },
    ],
    ['the order of keys', { metadata: { a: { x: 1, y: 2 } } }, { metadata: { a: { y: 2, x: 1 } } }],
    [
      'an address in memory',
      { outputs: [printed('<Figure at 0x7f01aa00bb10>')] },
      { outputs: [printed('<Figure at 0x7f99aa00bb20>')] },
    ],
    ['how a stream was cut', { outputs: [printed('a\nb\n')] }, { outputs: [printed('a\n'), printed('b\n')] }],
    ['colours', { outputs: [printed('\x1b[31mred\x1b[0m')] }, { outputs: [printed('red')] }],
    [
      'a picture',
      { outputs: [shown({ 'text/plain': '<Figure>', 'image/png': 'AAAA' })] },
      { outputs: [shown({ 'text/plain': '<Figure>', 'image/png': 'BBBB' })] },
    ],
    [
      'where in a traceback the execution is counted',
      { outputs: [{ ...printed('Cell In[3], line 1\nValueError: no'), kind: 'ERROR', name: 'ValueError' }] },
      { outputs: [{ ...printed('Cell In[9], line 1\nValueError: no'), kind: 'ERROR', name: 'ValueError' }] },
    ],
  ])('%s', (_, a, b) => expect(changeOf(a, b)).toBe('UNCHANGED'));

  test('pictures and numbers of executions are changes where somebody asks', () => {
    const picture = (bytes: string) => ({ outputs: [shown({ 'image/png': bytes })] });
    expect(changeOf(picture('AAAA'), picture('BBBB'), { ...VIEW, images: true })).toBe('CHANGED');
    expect(changeOf({ executionCount: 1 }, { executionCount: 2 }, { ...VIEW, executionCounts: true })).toBe(
      'CHANGED',
    );
  });
});

describe('what is a change', () => {
  test.each<[string, Part, Part]>([
    ['tags', { metadata: { tags: ['a'] } }, { metadata: { tags: ['b'] } }],
    ['what was printed', { outputs: [printed('1')] }, { outputs: [printed('2')] }],
    ['where it was printed', { outputs: [printed('1')] }, { outputs: [printed('1', 'stderr')] }],
    [
      'a table that looks the same as plain text',
      { outputs: [shown({ 'text/plain': '<HTML>', 'text/html': '<b>1</b>' })] },
      { outputs: [shown({ 'text/plain': '<HTML>', 'text/html': '<b>2</b>' })] },
    ],
    ['outputs that were cleared', { outputs: [printed('1')] }, {}],
  ])('%s', (_, a, b) => expect(changeOf(a, b)).toBe('CHANGED'));

  test('source and outputs are told apart, each with its lines', () => {
    const a = notebook(cell('x = 1\ny = 2\nprint(x)', { outputs: [printed('1\n')] }));
    const b = notebook(cell('x = 1\ny = 3\nprint(x)', { outputs: [printed('1\n')] }));
    const [row] = compare(a, b).cells;
    if (!row) throw new Error('There should be a cell.');
    expect(row).toMatchObject({ change: 'CHANGED', sourceChanged: true, outputsChanged: false });
    expect(outputDiff(row)).toBeNull();
    expect(
      sourceDiff(row)?.lines.map(({ change, text, lineA, lineB }) => [change, text, lineA, lineB]),
    ).toEqual([
      ['SAME', 'x = 1', 1, 1],
      ['REMOVED', 'y = 2', 2, null],
      ['ADDED', 'y = 3', null, 2],
      ['SAME', 'print(x)', 3, 3],
    ]);
  });

  test('the form of an output stands above it', () => {
    const { cells } = compare(notebook(cell('x', { outputs: [printed('1')] })), notebook('x'));
    const [row] = cells;
    expect(row && outputDiff(row)?.lines.map(({ text }) => text)).toEqual(['[stdout]', '1']);
  });

  test('another kernel is one of the notebook, another version of the language is none', () => {
    const a = { ...notebook(), metadata: { kernelspec: { name: 'a' }, language_info: { version: '3.11' } } };
    const b = { ...notebook(), metadata: { kernelspec: { name: 'b' }, language_info: { version: '3.12' } } };
    expect(compare(a, b).metadataChanges).toEqual(['kernelspec']);
  });
});

describe('size', () => {
  test('notebooks of thousands of cells that share nothing are compared all the same', () => {
    const many = (word: string) => notebook(...Array.from({ length: 5_000 }, (_, at) => `${word}${at}`));
    const { cells } = compare(many('a'), many('b'));
    expect(cells.filter(({ change }) => change === 'ADDED')).toHaveLength(5_000);
    expect(cells).toHaveLength(10_000);
  });

  test('a long difference is cut, and says so', () => {
    const lines = (word: string) => Array.from({ length: 3_000 }, (_, at) => `${word} ${at}`);
    const diff = lineDiff(lines('a'), lines('b'));
    expect(diff).toMatchObject({ added: 3_000, removed: 3_000, isWhole: false });
    expect(diff.lines).toHaveLength(MAX_DIFF_LINES);
  });

  test('far from a change nothing is told', () => {
    const lines = Array.from({ length: 100 }, (_, at) => `line ${at}`);
    const diff = lineDiff(lines, [...lines.slice(0, 50), 'new', ...lines.slice(50)]);
    expect(diff.lines.map(({ lineB }) => lineB)).toEqual([48, 49, 50, 51, 52, 53, 54]);
    expect(diff).toMatchObject({ added: 1, removed: 0, isWhole: true });
  });
});

test('the longest part that rises', () => {
  const longest = (...values: number[]) => increasing(values, (value) => value);
  expect(longest(3, 1, 2, 5, 4, 6)).toHaveLength(4);
  expect(longest()).toEqual([]);
  expect(longest(3, 2, 1)).toHaveLength(1);
  expect(longest(1, 2, 3)).toEqual([1, 2, 3]);
});
