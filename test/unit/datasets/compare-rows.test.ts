import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquet, performed } from '../../support/data-files';

const compare = (from: string | Uint8Array, to: string | Uint8Array) =>
  performed(async (folder) => {
    const [fromPath, toPath] = [join(folder, 'from'), join(folder, 'to')];
    await Promise.all([writeFile(fromPath, from), writeFile(toPath, to)]);
    return { kind: 'compare', fromPath, toPath } as const;
  });

test('rows are compared by content, as often as they occur, whatever their order', async () => {
  expect(await compare('a,b\n1,x\n1,x\n2,y\n3,z\n', 'b,a\nz,3\nx,1\nw,4\nw,4\n')).toEqual({
    columns: ['a', 'b'],
    fromRows: 4,
    toRows: 4,
    common: 2,
    fromShared: 3,
    toShared: 2,
  });
});

test('the same numbers are the same rows, whichever type their column has, and formats do not matter', async () => {
  expect(await compare('a\n1\n2\n3\n', 'a\n1.0\n2.5\n3\n')).toMatchObject({ common: 2 });
  expect(await compare('a,b\n1,\n2,x\n', '{"a": 2, "b": "x"}\n{"a": 1}\n')).toMatchObject({ common: 2 });
  const bytes = await parquet("SELECT 1 AS a, NULL AS b UNION ALL SELECT 2, 'x'");
  expect(await compare(bytes, 'a,b\n1,\n2,x\n')).toMatchObject({ common: 2 });
});

test('cells do not run together, and a missing cell is not the word for it', async () => {
  expect(await compare('a,b\nx,yz\n,null\n', 'a,b\nxy,z\nnull,\n')).toMatchObject({ common: 0 });
  expect(await compare('a,b\n"x"",""y",z\n', 'a,b\nx,"y"",""z"\n')).toMatchObject({ common: 0 });
});

test('only columns that both have are compared; without any nothing is common', async () => {
  expect(await compare('a,b\n1,2\n', 'b,c\n2,9\n')).toMatchObject({ columns: ['b'], common: 1 });
  expect(await compare('a\n1\n', 'b\n1\n')).toMatchObject({ columns: [], fromRows: 1, toRows: 1, common: 0 });
});
