import { placeColumns } from '../../../../src/registry/contract/columns';
import { labelIssues } from '../../../../src/registry/contract/labels';
import { spec } from '../signatures';

const issuesOf = (...args: Parameters<typeof placeColumns>) => {
  const places = placeColumns(...args);
  return places.ok ? [] : places.issues;
};

test('an input of one value per row is a column by itself', () => {
  expect(placeColumns([spec('age'), spec('mass', 'FP32', [-1, 1])], [])).toEqual({
    ok: true,
    columns: [
      { name: 'age', input: 'age', index: null, datatype: 'FP32' },
      { name: 'mass', input: 'mass', index: null, datatype: 'FP32' },
    ],
  });
});

test('names give columns to a tensor that holds several', () => {
  expect(placeColumns([spec('x', 'FP64', [-1, 2])], [{ input: 'x', names: ['a', 'b'] }])).toEqual({
    ok: true,
    columns: [
      { name: 'a', input: 'x', index: 0, datatype: 'FP64' },
      { name: 'b', input: 'x', index: 1, datatype: 'FP64' },
    ],
  });
});

test('a tensor without names has no columns, and names fit a dimension that is open', () => {
  expect(placeColumns([spec('x', 'FP32', [-1, 2])], [])).toEqual({ ok: true, columns: [] });
  expect(placeColumns([spec('x', 'FP32', [-1, -1])], [{ input: 'x', names: ['a', 'b'] }]).ok).toBe(true);
});

test.each([
  ['an input that the model does not have', [{ input: 'z', names: ['a', 'b'] }], 'columns[0].input'],
  ['too few names', [{ input: 'x', names: ['a'] }], 'columns[0].names'],
  ['too many names', [{ input: 'x', names: ['a', 'b', 'c'] }], 'columns[0].names'],
  [
    'an input twice',
    [
      { input: 'x', names: ['a', 'b'] },
      { input: 'x', names: ['c', 'd'] },
    ],
    'columns[1].input',
  ],
  ['a name twice', [{ input: 'x', names: ['a', 'a'] }], 'columns'],
  ['the name of another input', [{ input: 'x', names: ['a', 'img'] }], 'columns'],
  ['an empty name', [{ input: 'x', names: ['a', ''] }], 'columns[0].names[1]'],
  ['an input of higher rank', [{ input: 'img', names: ['a', 'b', 'c'] }], 'columns[0].input'],
])('%s is refused', (_what, named, path) => {
  const inputs = [spec('x', 'FP32', [-1, 2]), spec('img', 'FP32', [-1, 3, 3])];
  expect(issuesOf(inputs, named)).toEqual([expect.objectContaining({ path })]);
});

describe('labels', () => {
  const probabilities = spec('probabilities', 'FP32', [-1, 3]);

  test('as many as the output has columns', () => {
    expect(labelIssues(['a', 'b', 'c'], [spec('label', 'INT64'), probabilities])).toEqual([]);
    expect(labelIssues(['a', 'b'], [spec('label', 'INT64'), probabilities])).toEqual([
      { path: 'labels', expected: "3 labels, as many as the model's output has columns", actual: '2 labels' },
    ]);
  });

  test('any number where no output tells how many classes there are', () => {
    expect(labelIssues(['a', 'b'], [spec('p', 'FP32', [-1, 1])])).toEqual([]);
    expect(labelIssues(['a', 'b'], [spec('p', 'FP32', [-1, -1])])).toEqual([]);
    expect(labelIssues(null, [probabilities])).toEqual([]);
  });
});
