import type { JsonObject } from './notebook';

/**
 * What editors write into cells while they are used: nothing of it belongs to the script, or tells two versions apart.
 */
export const EDITOR_METADATA: ReadonlySet<string> = new Set([
  ...['autoscroll', 'collapsed', 'scrolled', 'trusted', 'execution', 'ExecuteTime'],
  ...['skipline', 'noskipline', 'cell_marker', 'lines_to_next_cell', 'lines_to_end_of_cell_marker'],
]);

/** What of a cell's metadata a script can say: keys that need no quotes, without the editors'. */
export function scriptMetadata(metadata: JsonObject): [string, unknown][] {
  return Object.entries(metadata).filter(
    ([key, value]) =>
      /^[a-zA-Z0-9_.@/-]+$/.test(key) &&
      !EDITOR_METADATA.has(key) &&
      !(key === 'tags' && Array.isArray(value) && value.length === 0),
  );
}

/** The rest of a cell's marker: `Title [markdown] tags=["a"]`. */
export function cellOptions(metadata: readonly (readonly [string, unknown])[], type: string | null): string {
  const rest = new Map(metadata);
  const take = (key: string): unknown => {
    const value = rest.get(key);
    rest.delete(key);
    return value;
  };
  const words: string[] = [];
  const depth = rest.get('cell_depth');
  if (typeof depth === 'number' && depth > 0 && depth <= MAX_CELL_DEPTH) {
    words.push('%'.repeat(depth));
    take('cell_depth');
  }
  if (isOneLine(rest.get('title'))) words.push(String(take('title')));
  if (type !== null)
    words.push(`[${isOneLine(rest.get('region_name')) ? String(take('region_name')) : type}]`);
  for (const [key, value] of rest) words.push(value === null ? key : `${key}=${pythonJson(value)}`);
  return words.join(' ');
}

/** Levels of an outline. */
const MAX_CELL_DEPTH = 6;

/** Whatever breaks a line would end the marker, and begin code that nobody wrote. */
const isOneLine = (value: unknown): boolean =>
  typeof value === 'string' && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value);

/** JSON with the blanks that Python puts into it, all of it ASCII. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, inner]) => `${pythonJson(key)}: ${pythonJson(inner)}`);
    return `{${members.join(', ')}}`;
  }
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
