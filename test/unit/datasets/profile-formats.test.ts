import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_COLUMNS } from '../../../src/datasets/reading/limits';
import { edgesOf, HISTOGRAM_BINS } from '../../../src/datasets/reading/profile-column';
import { Scratch } from '../../../src/datasets/reading/scratch';
import { parquet, performed, profileOf } from '../../support/data-files';

test('a Parquet file tells its types, and its statistics are those of the same table as CSV', async () => {
  const bytes = await parquet(
    `SELECT x AS n, x / 4 AS f, CAST(x AS DECIMAL(10, 2)) AS d, x % 2 = 0 AS even, 'v' || (x % 3) AS word,
       DATE '2026-01-01' + CAST(x AS INTEGER) AS day, {'k': x, 'l': [x]} AS nested, CASE WHEN x > 5 THEN x END AS some
     FROM range(100) AS t (x)`,
  );
  const { format, rowCount, columns } = await profileOf(bytes);
  expect([format, rowCount]).toEqual(['PARQUET', 100]);
  expect(columns.map(({ name, datatype, sourceType }) => [name, datatype, sourceType])).toEqual([
    ['n', 'INT64', 'BIGINT'],
    ['f', 'FP64', 'DOUBLE'],
    ['d', 'FP64', 'DECIMAL(10,2)'],
    ['even', 'BOOL', 'BOOLEAN'],
    ['word', 'BYTES', 'VARCHAR'],
    ['day', 'BYTES', 'DATE'],
    ['nested', 'BYTES', 'STRUCT(k BIGINT, l BIGINT[])'],
    ['some', 'INT64', 'BIGINT'],
  ]);
  expect(columns[5]?.topValues[0]).toEqual({ value: '2026-01-01', count: 1 });
  expect(columns[6]?.topValues).toContainEqual({ value: '{"k":0,"l":[0]}', count: 1 });
  expect(columns[7]).toMatchObject({ missing: 6, min: 6, distinct: 94 });

  const csv = [
    'n,f,even,word',
    ...Array.from({ length: 100 }, (_, x) => `${x},${x / 4},${x % 2 === 0},v${x % 3}`),
  ];
  const asCsv = await profileOf(csv.join('\n'));
  const withoutTypes = [0, 1, 3, 4].map((index) => ({ ...columns[index], sourceType: null }));
  expect(asCsv.columns).toEqual(withoutTypes);
});

test('JSON lines: columns are the keys of all objects, types what their values agree on', async () => {
  const lines = [
    '{"a": 1, "ok": true, "b/~c": "x", "big": 9007199254740993}',
    '',
    '{"a": 2.5, "ok": false, "nested": {"x": [1, 2]}, "mixed": 1, "big": 9007199254740995}',
    '{"a": null, "mixed": "one", "code": "007", "b/~c": ""}',
  ];
  const { format, rowCount, columns } = await profileOf(`\ufeff${lines.join('\r\n')}`);
  expect([format, rowCount]).toEqual(['JSON_LINES', 3]);
  expect(columns.map(({ name, datatype, missing, distinct }) => [name, datatype, missing, distinct])).toEqual(
    [
      ['a', 'FP64', 1, 2],
      ['ok', 'BOOL', 1, 2],
      ['b/~c', 'BYTES', 1, 2],
      ['big', 'INT64', 1, 2],
      ['nested', 'BYTES', 2, 1],
      ['mixed', 'BYTES', 1, 2],
      ['code', 'BYTES', 2, 1],
    ],
  );
  expect(columns[4]?.topValues).toEqual([{ value: '{"x":[1,2]}', count: 1 }]);
});

test('numbers have a standard deviation, quantiles and a histogram that counts each once', async () => {
  const numbers = Array.from({ length: 1_000 }, (_, index) => index + 1);
  const { columns } = await profileOf(['x', ...numbers, '', 'inf', 'nan'].join('\n'));
  const [x] = columns;
  expect(x).toMatchObject({ datatype: 'FP64', min: 1, max: Infinity, mean: Infinity, missing: 1 });
  expect(x?.stddev).toBeCloseTo(288.8194, 4);
  expect(x?.quantiles).toHaveLength(101);
  expect([0, 25, 50, 100].map((percent) => x?.quantiles?.[percent])).toEqual([1, 251, 501, Infinity]);
  expect(x?.histogram?.edges).toHaveLength(HISTOGRAM_BINS + 1);
  expect([x?.histogram?.edges[0], x?.histogram?.edges.at(-1)]).toEqual([1, 1_000]);
  expect(x?.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(1_000);
  expect(Math.max(...(x?.histogram?.counts ?? []))).toBeLessThanOrEqual(51);
});

test('the extremes of doubles have no standard deviation, but a histogram', async () => {
  const { columns } = await profileOf('x\n1.7e308\n-1.7e308\n0\n');
  expect(columns[0]).toMatchObject({ stddev: null, min: -1.7e308, max: 1.7e308 });
  expect(columns[0]?.histogram?.counts).toHaveLength(HISTOGRAM_BINS);
  expect(columns[0]?.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
});

test.each([
  [5, 5],
  [1, 1 + Number.EPSILON * 3],
  [-1.7e308, 1.7e308],
  [0, 5e-324],
])('edges between %d and %d ascend and end where the numbers do', (low, high) => {
  const edges = edgesOf(low, high);
  expect([edges[0], edges.at(-1)]).toEqual([low, high]);
  for (const [index, edge] of edges.entries())
    if (low !== high && index > 0) expect(edge).toBeGreaterThan(edges[index - 1] ?? NaN);
});

test('text has its most frequent values, cut where they are long', async () => {
  const long = 'ä'.repeat(500);
  const rows = [...Array.from({ length: 200 }, (_, index) => `v${index % 90}`), long, long, long, long];
  const [column] = (await profileOf(['t', ...rows].join('\n'))).columns;
  expect(column?.topValues).toHaveLength(50);
  expect(column?.topValues[0]).toEqual({ value: `${'ä'.repeat(200)}…`, count: 4 });
  expect(column?.topValues[1]).toEqual({ value: 'v0', count: 3 });
});

test('of more values than are counted, the frequent ones are still found, and their number is estimated', async () => {
  const rows = Array.from({ length: 60_000 }, (_, index) => (index % 3 === 0 ? 'often' : `id-${index}`));
  const [column] = (await profileOf(['t', ...rows].join('\n'))).columns;
  expect(column).toMatchObject({ distinct: null, topValues: [{ value: 'often', count: 20_000 }] });
  expect(column?.approximateDistinct).toBeGreaterThan(39_000);
  expect(column?.approximateDistinct).toBeLessThan(41_000);
});

test.each([15_000, 50_000, 300_000])(
  'of %d different numbers the number is known to a hundredth or two',
  async (count) => {
    const rows = Array.from({ length: count }, (_, index) => index * 7919);
    const { columns } = await profileOf(['a,b', ...rows.map((row) => `${row},${row / 3}`)].join('\n'));
    for (const column of columns) {
      expect(column.distinct).toBeNull();
      expect(Math.abs((column.approximateDistinct ?? NaN) / count - 1)).toBeLessThan(0.02);
    }
  },
);

test('a table of the most columns is profiled, with more rows than would fit in memory', async () => {
  const row = (cell: (index: number) => string | number) =>
    Array.from({ length: MAX_COLUMNS }, (_, index) => cell(index)).join(',');
  const { columns } = await profileOf(
    [
      row((index) => `c${index}`),
      ...Array.from({ length: 5_000 }, () => row((index) => index)),
      row(() => 'x'),
    ].join('\n'),
  );
  expect(columns).toHaveLength(MAX_COLUMNS);
  expect(columns[999]).toMatchObject({ name: 'c999', datatype: 'BYTES', distinct: 2 });
});

test('the reading database opens nothing but the file that it was given', async () => {
  await performed(async (folder) => {
    const [given, other] = [join(folder, 'given.csv'), join(folder, 'other.csv')];
    await Promise.all([writeFile(given, 'a\n1\n'), writeFile(other, 'a\n1\n')]);
    const scratch = await Scratch.open(join(folder, 'scratch'), [given], 64);
    expect(await scratch.rows(`SELECT a FROM read_csv('${given}')`)).toEqual([[1n]]);
    for (const statement of [
      `SELECT * FROM read_csv('${other}')`,
      `SELECT * FROM read_text('/etc/hostname')`,
      `SELECT * FROM glob('/*')`,
      `COPY (SELECT 1) TO '${folder}/out.csv'`,
      `ATTACH '${folder}/x.db'`,
      `SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')`,
      'INSTALL httpfs',
      'LOAD httpfs',
      'SET enable_external_access = true',
      `SET allowed_directories = ['/']`,
    ])
      await expect(scratch.run(statement)).rejects.toThrow(/Permission|disabled|locked|Missing Extension/i);
    await scratch.close();
    return { kind: 'profile', path: given };
  });
});
