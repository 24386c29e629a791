import { invalidInput, type InvalidInput } from '../../kernel/errors';
import type { KeyValue, Source } from '../run';
import { mergeSource } from './merge-setup';
import { factsWithout, sourceInTags, tagsOfSource } from './source-tags';
import { toldSource } from './told-setup';

/** Whether facts stay as they were told first, or change with their tags, as MLflow's clients expect it. */
export type FactRule = 'ONCE' | 'ANY';

interface TagChange {
  readonly tags: readonly KeyValue[];
  readonly removeTags?: readonly string[] | null | undefined;
}

/**
 * What a run's source becomes by tags that are taken away and then put; null where they say nothing of it. Facts that
 * were told are not changed by them where they are told once.
 */
export function sourceByTags(
  known: Source | null,
  { tags, removeTags }: TagChange,
  rule: FactRule,
): InvalidInput | Source | null {
  const { source } = sourceInTags(tags);
  const told = toldSource(source);
  const without = factsWithout(removeTags ?? []);
  if (Object.keys(told).length + Object.keys(without).length === 0) return null;
  if (rule === 'ANY') return toldSource({ ...known, ...without, ...told });
  const lost = tagsOfSource(known).find(({ key }) => removeTags?.includes(key));
  if (lost) {
    const expected = 'tags that are no facts of the run: those never change';
    return invalidInput([{ path: 'removeTags', expected, actual: `“${lost.key}”` }]);
  }
  return mergeSource(known ?? {}, told);
}

export const isRefused = (source: InvalidInput | Source): source is InvalidInput => 'kind' in source;
