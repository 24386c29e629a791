import { invalidInput, shorten, type InvalidInput } from '../kernel/errors';
import { InputCheck, MAX_NAME_LENGTH } from '../kernel/input-check';
import type { DatasetColumn, DatasetVersion, DatasetVersionId } from './dataset';
import { MAX_COLUMN_NAME_LENGTH } from './reading/limits';

/** How to deal the rows of a version into parts. */
export interface SplitVersionInput {
  /** `penguins@3`, or `penguins` for the newest. */
  readonly ref: string;
  readonly splits: readonly {
    readonly name: string;
    readonly fraction: number;
    /** Where its version is kept; absent: the dataset's name, a hyphen and the split's. */
    readonly dataset?: string | null;
  }[];
  readonly seed: bigint;
  readonly stratifyBy?: string | null;
  readonly groupBy?: string | null;
}

/** That a version is a part of another. */
export interface DatasetSplit {
  readonly versionId: DatasetVersionId;
  readonly parentId: DatasetVersionId;
  readonly name: string;
  readonly fraction: number;
  readonly seed: bigint;
  readonly stratifyBy: string | null;
  readonly groupBy: string | null;
}

/** Most parts of one call: train, validation, test and a few folds; each is a file that is written and read. */
export const MAX_SPLITS = 20;
/** How far fractions may be from 1 in sum: what adding some decimals up costs. */
const FRACTION_TOLERANCE = 1e-9;
/** Longest reference, in characters: a name, `@` and a number. */
const MAX_REF_LENGTH = MAX_NAME_LENGTH + 11;

/** @param parent the version's dataset name, from which the names of parts are made */
export function checkSplit(input: SplitVersionInput, parent: string): InvalidInput | null {
  const check = new InputCheck().text('ref', input.ref, MAX_REF_LENGTH);
  const { splits, stratifyBy = null, groupBy = null } = input;
  if (splits.length < 2 || splits.length > MAX_SPLITS)
    check.add('splits', `2 to ${MAX_SPLITS} splits`, String(splits.length));
  const datasets = new Set<string>();
  for (const [index, split] of splits.slice(0, MAX_SPLITS).entries()) {
    const dataset = datasetOfSplit(split, parent);
    check.name(`splits[${index}].name`, split.name);
    if (parent !== '') check.name(`splits[${index}].dataset`, dataset);
    if (datasets.has(dataset))
      check.add(`splits[${index}].dataset`, 'each once', `“${shorten(dataset)}” again`);
    datasets.add(dataset);
    if (!(split.fraction > 0 && split.fraction < 1))
      check.add(`splits[${index}].fraction`, 'a number between 0 and 1', String(split.fraction));
  }
  const total = splits.reduce((sum, { fraction }) => sum + fraction, 0);
  if (!(Math.abs(total - 1) <= FRACTION_TOLERANCE))
    check.add('splits', 'fractions that add up to 1', `a sum of ${total}`);
  if (stratifyBy !== null && groupBy !== null)
    check.add('groupBy', 'stratifyBy or groupBy, since a group may lie in several strata', 'both');
  if (stratifyBy !== null) check.text('stratifyBy', stratifyBy, MAX_COLUMN_NAME_LENGTH);
  if (groupBy !== null) check.text('groupBy', groupBy, MAX_COLUMN_NAME_LENGTH);
  return check.result();
}

export const datasetOfSplit = ({ name, dataset }: SplitVersionInput['splits'][number], parent: string) =>
  dataset ?? `${parent}-${name}`;

/** The bytes must be here, and so must both columns. */
export function checkSplitColumns(
  input: SplitVersionInput,
  version: DatasetVersion,
  columns: readonly DatasetColumn[],
): InvalidInput | null {
  if (version.format === null)
    return invalidInput([
      {
        path: 'ref',
        expected: 'a version whose bytes are here',
        actual: `${shorten(version.ref)}, which lies elsewhere`,
      },
    ]);
  const check = new InputCheck();
  const names = shorten(columns.map(({ name }) => name).join(', '), 300);
  for (const path of ['stratifyBy', 'groupBy'] as const) {
    const wanted = input[path] ?? null;
    if (wanted !== null && !columns.some(({ name }) => name === wanted))
      check.add(path, `one of the columns: ${names}`, `“${shorten(wanted)}”`);
  }
  return check.result();
}

/** There are too few rows, or units that stay together, for a part of this size. */
export const emptySplit = (index: number): InvalidInput =>
  invalidInput([
    {
      path: `splits[${index}].fraction`,
      expected: 'a share that is some rows',
      actual: 'no row, since rows of one content or group stay together',
    },
  ]);
