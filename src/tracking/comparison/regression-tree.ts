/** The values of one param: all numbers, or all texts; null for a run without it. */
export type Column = readonly (number | string | null)[];

/**
 * A row goes to `then` where its value of the column is at most the number, or equal to the text; else to `otherwise`.
 */
export type RegressionTree =
  | { readonly mean: number }
  | {
      readonly column: number;
      readonly at: number | string;
      readonly then: RegressionTree;
      readonly otherwise: RegressionTree;
    };

export interface TreeData {
  readonly columns: readonly Column[];
  readonly target: readonly number[];
  readonly minLeafRows: number;
}

interface Split {
  readonly column: number;
  readonly at: number | string;
  /** What the split takes from the squared error. */
  readonly gain: number;
}

/** Deep enough to tell a million values apart; no data makes a deeper stack. */
const MAX_DEPTH = 20;

/** A regression tree that splits by variance (Breiman et al., CART, 1984). `rows` may name a row several times. */
export function growTree(data: TreeData, rows: readonly number[], depth = 0): RegressionTree {
  const leaf = { mean: sumOf(data, rows) / rows.length };
  if (rows.length < 2 * data.minLeafRows || depth === MAX_DEPTH) return leaf;
  const splits = data.columns.flatMap((_, column) => bestSplit(data, rows, column) ?? []);
  const [first, ...others] = splits;
  if (!first) return leaf;
  const best = others.reduce((found, split) => (split.gain > found.gain ? split : found), first);
  const goesThen = (row: number) => isThen(data.columns[best.column]?.[row] ?? null, best.at);
  return {
    column: best.column,
    at: best.at,
    then: growTree(data, rows.filter(goesThen), depth + 1),
    otherwise: growTree(
      data,
      rows.filter((row) => !goesThen(row)),
      depth + 1,
    ),
  };
}

/** @param valueOf the row's value of a column */
export function predictedBy(
  tree: RegressionTree,
  valueOf: (column: number) => number | string | null,
): number {
  let node = tree;
  while ('column' in node) node = isThen(valueOf(node.column), node.at) ? node.then : node.otherwise;
  return node.mean;
}

const isThen = (value: number | string | null, at: number | string) =>
  typeof at === 'number' ? typeof value === 'number' && value <= at : value === at;

/** Null where no split helps. Runs without the param stand behind all numbers. */
function bestSplit(data: TreeData, rows: readonly number[], column: number): Split | null {
  const values = data.columns[column] ?? [];
  const groups = new Map<number | string | null, { count: number; sum: number }>();
  for (const row of rows) {
    const value = values[row] ?? null;
    const group = groups.get(value) ?? { count: 0, sum: 0 };
    group.count += 1;
    group.sum += data.target[row] ?? 0;
    groups.set(value, group);
  }
  const total = sumOf(data, rows);
  const whole = total ** 2 / rows.length;
  const candidates = [...groups].flatMap(([value, group]) => (value === null ? [] : [{ value, ...group }]));
  let best: Split | null = null;
  let [count, sum] = [0, 0];
  for (const { value, ...group } of candidates.sort(bySize)) {
    const isNumber = typeof value === 'number';
    count = isNumber ? count + group.count : group.count;
    sum = isNumber ? sum + group.sum : group.sum;
    const rest = rows.length - count;
    if (count < data.minLeafRows || rest < data.minLeafRows) continue;
    const gain = sum ** 2 / count + (total - sum) ** 2 / rest - whole;
    if (gain > 1e-12 * Math.abs(whole) && gain > (best?.gain ?? 0)) best = { column, at: value, gain };
  }
  return best;
}

const bySize = (a: { readonly value: number | string }, b: { readonly value: number | string }) =>
  typeof a.value === 'number' && typeof b.value === 'number' ? a.value - b.value : 0;

const sumOf = ({ target }: TreeData, rows: readonly number[]) =>
  rows.reduce((sum, row) => sum + (target[row] ?? 0), 0);
