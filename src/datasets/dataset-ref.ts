export interface DatasetRef {
  readonly name: string;
  /** Null: the newest version. */
  readonly number: number | null;
}

const MAX_NUMBER = 2 ** 31 - 1; // the column's type

/** `penguins` is the newest version, `penguins@3` the third. Null where the text is neither. */
export function parseDatasetRef(text: string): DatasetRef | null {
  const [name = '', version, ...rest] = text.split('@');
  if (name === '' || name.includes('\0') || !name.isWellFormed() || rest.length > 0) return null;
  if (version === undefined) return { name, number: null };
  const number = /^[1-9]\d{0,9}$/.test(version) ? Number(version) : Infinity;
  return number <= MAX_NUMBER ? { name, number } : null;
}
