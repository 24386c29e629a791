import { shorten } from '../kernel/errors';
import { MAX_KEY_LENGTH, type InputCheck } from '../kernel/input-check';
import type { KeyValue } from '../tracking/tracking';
import type { Tags } from './models/model';

/** Tags that one call puts or takes away. */
const MAX_TAGS_PER_CALL = 100;
/** Tags of one model or version: they are read with it, every time. */
export const MAX_TAGS = 500;
/** Longest value of a tag, in characters: MLflow's, whose prompts keep their text in one. */
const MAX_TAG_LENGTH = 100_000;

export function checkTags(
  check: InputCheck,
  tags: readonly KeyValue[] | null | undefined,
  removeTags: readonly string[] | null | undefined = null,
): void {
  check.count('tags', tags?.length ?? 0, MAX_TAGS_PER_CALL);
  check.count('removeTags', removeTags?.length ?? 0, MAX_TAGS_PER_CALL);
  const seen = new Set<string>();
  for (const [index, { key, value }] of (tags ?? []).slice(0, MAX_TAGS_PER_CALL).entries()) {
    check.text(`tags[${index}].key`, key, MAX_KEY_LENGTH);
    check.optionalText(`tags[${index}].value`, value, MAX_TAG_LENGTH);
    if (seen.has(key)) check.add(`tags[${index}].key`, 'each key once', `“${shorten(key)}” again`);
    seen.add(key);
  }
  for (const [index, key] of (removeTags ?? []).slice(0, MAX_TAGS_PER_CALL).entries())
    check.text(`removeTags[${index}]`, key, MAX_KEY_LENGTH);
}

export const tagsOf = (list: readonly KeyValue[] | null | undefined): Tags =>
  Object.fromEntries((list ?? []).map(({ key, value }) => [key, value]));

/** By key. */
export const tagList = (tags: Tags): readonly KeyValue[] =>
  Object.entries(tags)
    .map(([key, value]) => ({ key, value }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
