import type { JsonItem } from './wandb-record';

/** A value under its name, parts joined with dots as W&B's pages do. */
export type NamedValue =
  | { readonly kind: 'number'; readonly name: string; readonly value: number }
  | { readonly kind: 'text'; readonly name: string; readonly value: string }
  /** An image, a table, a histogram …: what has a type of W&B's own. */
  | { readonly kind: 'media'; readonly name: string; readonly type: string }
  /** A list, null, or what cannot be read. */
  | { readonly kind: 'other'; readonly name: string; readonly json: string };

/** What Python's JSON has beside numbers. */
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);
const TYPE = '_type';
/** Deepest object that is looked into. */
const MAX_DEPTH = 20;

/** The single values of some items: objects are taken apart, and what W&B has a type for is one value. */
export function namedValues(items: readonly JsonItem[]): readonly NamedValue[] {
  const media = new Map<string, string>();
  for (const { path, json } of items)
    if (path.length > 1 && path.at(-1) === TYPE) media.set(nameOf(path.slice(0, -1)), textIn(json));
  const ofMedia = [...media].map(([name, type]) => ({ kind: 'media', name, type }) as const);
  const plain = items.filter(
    ({ path }) => !path.some((_, index) => media.has(nameOf(path.slice(0, index + 1)))),
  );
  return [...ofMedia, ...plain.flatMap(({ path, json }) => valuesIn(path, json))];
}

function valuesIn(path: readonly string[], json: string): readonly NamedValue[] {
  const special = SPECIAL.get(json);
  if (special !== undefined) return [{ kind: 'number', name: nameOf(path), value: special }];
  try {
    return valuesOf(path, JSON.parse(json) as unknown);
  } catch {
    return [{ kind: 'other', name: nameOf(path), json }]; // a list with a NaN in it
  }
}

function valuesOf(path: readonly string[], value: unknown): readonly NamedValue[] {
  const name = nameOf(path);
  if (typeof value === 'number') return [{ kind: 'number', name, value }];
  if (typeof value === 'boolean') return [{ kind: 'number', name, value: Number(value) }];
  if (typeof value === 'string')
    return [
      SPECIAL.has(value)
        ? { kind: 'number', name, value: SPECIAL.get(value) ?? NaN }
        : { kind: 'text', name, value },
    ];
  if (typeof value !== 'object' || value === null || Array.isArray(value) || path.length > MAX_DEPTH)
    return [{ kind: 'other', name, json: JSON.stringify(value) }];
  const object = value as Readonly<Record<string, unknown>>;
  if (typeof object[TYPE] === 'string') return [{ kind: 'media', name, type: object[TYPE] }];
  return Object.entries(object).flatMap(([key, inner]) => valuesOf([...path, key], inner));
}

/** A configuration's values as texts: a list as JSON. Objects are taken apart. */
export function configTexts({
  path,
  json,
}: JsonItem): readonly { readonly key: string; readonly value: string }[] {
  const isObject = json.startsWith('{') && json !== '{}';
  if (!isObject) return [{ key: nameOf(path), value: json.startsWith('"') ? textIn(json) : json }];
  try {
    const object = JSON.parse(json) as Readonly<Record<string, unknown>>;
    return Object.entries(object).flatMap(([key, value]) =>
      path.length > MAX_DEPTH
        ? [{ key: nameOf([...path, key]), value: JSON.stringify(value) }]
        : configTexts({ path: [...path, key], json: JSON.stringify(value) }),
    );
  } catch {
    return [{ key: nameOf(path), value: json }]; // with a NaN in it
  }
}

const nameOf = (path: readonly string[]): string => path.join('.');

function textIn(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'string' ? value : json;
  } catch {
    return json;
  }
}
