import { posix } from 'node:path';
import { shorten } from '../../kernel/errors';
import { MAX_KEY_LENGTH } from '../../kernel/input-check';
import type { KeyValue } from '../../tracking/tracking';
import type { Fields } from './fields';
import { invalidParameter } from './mlflow-error';

/** Letters of any script, digits, and these signs: what MLflow takes in the name of a metric, a param or a tag. */
const KEY = /^[/\p{L}\p{M}\p{N}_.\- :]*$/u;

/** Params or tags: a value may be empty, a key may not. */
export const keyValues = (list: readonly Fields[]): readonly KeyValue[] =>
  list.map((fields) => ({ key: keyOf(fields), value: fields.anyText('value') ?? '' }));

/** A name that MLflow takes: this platform takes any, and other servers that these clients reach do not. */
export function keyOf(fields: Fields): string {
  const key = fields.text('key');
  if (key.length > MAX_KEY_LENGTH)
    throw invalidParameter(
      `'key' exceeds the maximum length of ${MAX_KEY_LENGTH} characters: '${shorten(key)}'.`,
    );
  if (!KEY.test(key))
    throw invalidParameter(
      `Invalid value '${shorten(key)}' for parameter 'key': names may only contain letters, digits, underscores, dashes, periods, spaces, colons and slashes.`,
    );
  if (isPath(key))
    throw invalidParameter(
      `Invalid value '${shorten(key)}' for parameter 'key': names that resolve to another path are refused.`,
    );
  return key;
}

/** Clients make files of these names. */
const isPath = (key: string): boolean =>
  posix.normalize(key) !== key || key === '.' || key.startsWith('..') || key.startsWith('/');
