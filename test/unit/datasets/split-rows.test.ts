import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SplitJob } from '../../../src/datasets/reading/jobs';
import { parquet, performed, profileOf } from '../../support/data-files';

type How = Partial<Omit<SplitJob, 'kind' | 'path' | 'target'>>;

/** The parts as files. */
async function split(content: string | Uint8Array, how: How = {}): Promise<readonly Buffer[]> {
  let parts: Buffer[] = [];
  let target = '';
  const read = async () =>
    Promise.all([0, 1, 2].map((part) => readFile(join(target, `part-${part}`)).catch(() => null)));
  await performed(
    async (folder) => {
      const path = join(folder, 'file');
      target = join(folder, 'target');
      await Promise.all([writeFile(path, content), mkdir(target)]);
      return {
        kind: 'split',
        path,
        target,
        fractions: [0.7, 0.3],
        seed: '1',
        stratifyBy: null,
        groupBy: null,
        ...how,
      };
    },
    async () => {
      parts = (await read()).filter((part) => part !== null);
    },
  );
  return parts;
}
const linesOf = (part: Buffer | undefined) => part?.toString().trimEnd().split('\n') ?? [];
const table = (count: number) =>
  ['id,kind,owner', ...Array.from({ length: count }, (_, id) => `${id},k${id % 4},o${id % 25}`)].join('\n');

test('parts have their shares of the rows, each row is in one of them, and the order is that of the file', async () => {
  const [train, test] = (await split(table(1_000))).map(linesOf);
  expect([train?.length, test?.length]).toEqual([701, 301]);
  const rows = [...(train ?? []).slice(1), ...(test ?? []).slice(1)];
  expect(rows.sort()).toEqual(table(1_000).split('\n').slice(1).sort());
  const ids = (train ?? []).slice(1).map((row) => Number(row.split(',')[0]));
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
});

test('the same seed deals the same way, another seed another way', async () => {
  const [one, again, other] = [
    await split(table(200)),
    await split(table(200)),
    await split(table(200), { seed: '2' }),
  ];
  expect(again).toEqual(one);
  expect(other[0]?.toString()).not.toBe(one[0]?.toString());
});

test('how rows are dealt can be worked out anywhere: by the MD5 of seed and content', async () => {
  const content = table(50);
  const placed = content
    .split('\n')
    .slice(1)
    .map((row) => ({
      row,
      place: createHash('md5')
        .update(`1:${JSON.stringify(row.split(','))}`)
        .digest('hex'),
    }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  const first = new Set(placed.slice(0, 35).map(({ row }) => row));
  const [train] = await split(content);
  expect(new Set(linesOf(train).slice(1))).toEqual(first);
});

test('rows of one content are never in two parts', async () => {
  const content = ['x', ...Array.from({ length: 900 }, (_, row) => row % 30)].join('\n');
  const [train, test] = (await split(content)).map((part) => new Set(linesOf(part).slice(1)));
  expect([...(train ?? [])].filter((row) => test?.has(row))).toEqual([]);
  expect((train?.size ?? 0) + (test?.size ?? 0)).toBe(30);
});

test('strata are dealt in the same shares', async () => {
  const content = ['id,rare', ...Array.from({ length: 1_000 }, (_, id) => `${id},${id % 50 === 0}`)].join(
    '\n',
  );
  const parts = (await split(content, { stratifyBy: 'rare' })).map((part) =>
    linesOf(part).filter((row) => row.endsWith('true')),
  );
  expect(parts.map(({ length }) => length)).toEqual([14, 6]);
});

test('a group is never in two parts, and rows without one are on their own', async () => {
  const rows = Array.from({ length: 500 }, (_, id) => `${id},${id % 5 === 0 ? '' : `g${id % 41}`}`);
  const parts = (await split(['id,g', ...rows].join('\n'), { groupBy: 'g' })).map((part) =>
    linesOf(part)
      .slice(1)
      .map((row) => row.split(',')[1] ?? ''),
  );
  const [train, test] = parts.map((groups) => new Set(groups));
  expect([...(train ?? [])].filter((group) => group !== '' && test?.has(group))).toEqual([]);
  expect([train?.has(''), test?.has('')]).toEqual([true, true]);
});

test('cells come out as they went in', async () => {
  const content = 'code,"a, b"\n00501,"x ""y""\nz"\n+3,1.50\n,\n7,ä€𝄞\n';
  const parts = await split(content, { fractions: [0.5, 0.5] });
  const text = parts.map(String).join('');
  for (const cell of ['00501', '"x ""y""\nz"', '+3,1.50', '7,ä€𝄞', 'code,"a, b"'])
    expect(text).toContain(cell);
});

test('JSON lines stay as they are, Parquet keeps its types, and one column with a missing cell keeps the row', async () => {
  const lines = Array.from({ length: 40 }, (_, row) => `{"a":\t${row}, "b": {"c": ["x\\ty", null]}}`);
  const [train, test] = (await split(lines.join('\n'))).map(linesOf);
  expect([...(train ?? []), ...(test ?? [])].sort()).toEqual([...lines].sort());

  const bytes = await parquet(
    "SELECT x AS a, CAST(x AS DECIMAL(10, 2)) AS d, {'k': x} AS s FROM range(100) AS t (x)",
  );
  const profiles = await Promise.all((await split(bytes)).map(profileOf));
  expect(profiles.map(({ rowCount }) => rowCount)).toEqual([70, 30]);
  expect(profiles[1]?.columns.map(({ sourceType }) => sourceType)).toEqual([
    'BIGINT',
    'DECIMAL(10,2)',
    'STRUCT(k BIGINT)',
  ]);

  const single = await Promise.all((await split('x\n1\n\n2\n3\n', { fractions: [0.5, 0.5] })).map(profileOf));
  expect(single.reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(4);
});
