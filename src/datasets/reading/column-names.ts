import { shorten } from '../../kernel/errors';
import { MAX_COLUMN_NAME_LENGTH, MAX_COLUMNS } from './limits';

/** What is wrong with the names of columns, as a sentence; null where nothing is. */
export function wrongColumnNames(names: readonly string[]): string | null {
  if (names.length > MAX_COLUMNS)
    return `The header has ${names.length} columns; at most ${MAX_COLUMNS} are allowed.`;
  const firstPlace = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const first = firstPlace.get(name);
    if (name.trim() === '') return `Column ${index + 1} of the header has no name.`;
    if (name.includes('\0')) return `The name of column ${index + 1} has the character U+0000.`;
    if (!name.isWellFormed()) return `The name of column ${index + 1} is not well-formed Unicode.`;
    if (name.length > MAX_COLUMN_NAME_LENGTH)
      return `The name of column ${index + 1} is longer than ${MAX_COLUMN_NAME_LENGTH} characters.`;
    if (first !== undefined)
      return `Columns ${first + 1} and ${index + 1} of the header are both named “${shorten(name)}”.`;
    firstPlace.set(name, index);
  }
  return null;
}
