import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { shorten } from '../../kernel/errors';
import { wrongColumnNames } from './column-names';
import type { CheckedTable } from './csv-file';
import { MAX_COLUMNS, MAX_ROW_LENGTH } from './limits';
import { Unreadable } from './unreadable';
import { checkedUtf8, NotUtf8, notUtf8Sentence, pieces } from './utf8';

/** What a key's values are, in all lines together. */
export type JsonKind = 'number' | 'boolean' | 'text';

export interface CheckedJsonLines extends CheckedTable {
  /** For each name; `text` where the values are texts, nested, or of several kinds. Null where all are null. */
  readonly kinds: readonly (JsonKind | null)[];
}

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Checks a file of JSON lines (UTF-8, one object a line, blank lines are skipped) and writes it to `target` line by
 * line. Columns are the keys of all objects, in the order in which they come first. Throws `Unreadable`.
 */
export async function rewriteJsonLines(path: string, target: string): Promise<CheckedJsonLines> {
  const file = await open(target, 'wx', 0o600);
  try {
    return await rewrite(pieces(path), file);
  } catch (error) {
    throw error instanceof NotUtf8 ? notJsonLines(await notUtf8Sentence(error, path)) : error;
  } finally {
    await file.close();
  }
}

async function rewrite(bytes: Readable, file: FileHandle): Promise<CheckedJsonLines> {
  const kinds = new Map<string, JsonKind | null>();
  let line = 0;
  let rowCount = 0;
  let begun = '';
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const check = (text: string): string => {
    line++;
    const json = line === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    if (json.trim() === '') return '';
    learn(kinds, objectOf(json, line), line);
    rowCount++;
    return `${json}\n`;
  };
  for await (const chunk of checkedUtf8(bytes)) {
    const lines = (begun + decoder.decode(chunk, { stream: true })).split('\n');
    begun = lines.pop() ?? '';
    await file.write(lines.map(check).join(''));
    if (begun.length > MAX_ROW_LENGTH) throw tooLong(line + 1);
  }
  await file.write(check(begun));
  const names = [...kinds.keys()];
  if (rowCount === 0) throw notJsonLines('There is no object in the file.');
  if (names.length === 0) throw notJsonLines('No object has a key, so there is no column.');
  const wrong = wrongColumnNames(names);
  if (wrong) throw notJsonLines(wrong.replace('of the header', 'of the objects'));
  return { names, rowCount, kinds: [...kinds.values()] };
}

function objectOf(json: string, line: number): object {
  if (json.length > MAX_ROW_LENGTH) throw tooLong(line);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw notJsonLines(
      `Line ${line} is not JSON (${shorten((error as Error).message)}). Expected one whole object a line.`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  const what = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`;
  throw notJsonLines(`Line ${line} is ${what}. Expected one object a line, whose keys are the columns.`);
}

function learn(kinds: Map<string, JsonKind | null>, object: object, line: number): void {
  for (const [key, value] of Object.entries(object) as [string, unknown][]) {
    const known = kinds.get(key);
    const kind = kindOf(value);
    if (known === undefined) kinds.set(key, kind);
    else if (known === null) kinds.set(key, kind);
    else if (kind !== null && kind !== known) kinds.set(key, 'text');
  }
  if (kinds.size > MAX_COLUMNS)
    throw notJsonLines(
      `By line ${line} the objects have ${kinds.size} keys; at most ${MAX_COLUMNS} are allowed.`,
    );
}

function kindOf(value: unknown): JsonKind | null {
  if (value === null) return null;
  return typeof value === 'number' || typeof value === 'boolean' ? (typeof value as JsonKind) : 'text';
}

const tooLong = (line: number) =>
  notJsonLines(`Line ${line} is longer than ${MAX_ROW_LENGTH} characters. Is the file one long line?`);

const notJsonLines = (message: string) => new Unreadable('INVALID_JSON_LINES', message);
