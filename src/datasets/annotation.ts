import { shorten, type InvalidInput } from '../kernel/errors';
import {
  InputCheck,
  MAX_KEY_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PROSE_LENGTH,
  MAX_VALUE_LENGTH,
} from '../kernel/input-check';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** What people say of a version; unlike the data it may change. */
export interface AnnotateVersionInput {
  /** `penguins@3`, or `penguins` for the newest. */
  readonly ref: string;
  /** Absent: stays as it is; null: goes. */
  readonly description?: string | null;
  /** Set, each in the place of the one with its key. */
  readonly tags?: readonly Tag[] | null;
  /** Keys whose tags go. */
  readonly removeTags?: readonly string[] | null;
}

/** Tags of one version: a screen lists them all. */
export const MAX_TAGS_PER_VERSION = 100;
/** Longest reference, in characters: a name, `@` and a number. */
const MAX_REF_LENGTH = MAX_NAME_LENGTH + 11;

export function checkAnnotation(input: AnnotateVersionInput): InvalidInput | null {
  const check = new InputCheck().text('ref', input.ref, MAX_REF_LENGTH);
  check.optionalText('description', input.description, MAX_PROSE_LENGTH);
  checkTags(check, 'tags', input.tags ?? []);
  check.count('removeTags', input.removeTags?.length ?? 0, MAX_TAGS_PER_VERSION);
  const set = new Set(input.tags?.map(({ key }) => key));
  for (const [index, key] of (input.removeTags ?? []).entries()) {
    check.text(`removeTags[${index}]`, key, MAX_KEY_LENGTH);
    if (set.has(key)) check.add(`removeTags[${index}]`, 'a key that is not set too', `“${shorten(key)}”`);
  }
  return check.result();
}

export function checkTags(check: InputCheck, path: string, tags: readonly Tag[]): void {
  check.count(path, tags.length, MAX_TAGS_PER_VERSION);
  const keys = new Set<string>();
  for (const [index, { key, value }] of tags.slice(0, MAX_TAGS_PER_VERSION).entries()) {
    check.text(`${path}[${index}].key`, key, MAX_KEY_LENGTH);
    check.optionalText(`${path}[${index}].value`, value, MAX_VALUE_LENGTH);
    if (keys.has(key)) check.add(`${path}[${index}].key`, 'each key once', `“${shorten(key)}” again`);
    keys.add(key);
  }
}
