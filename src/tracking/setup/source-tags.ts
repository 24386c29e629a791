import type { KeyValue, Source } from '../run';

/** Tags by which MLflow's clients tell where the code came from, and the fact that each of them is. */
export const SOURCE_TAGS = [
  { key: 'mlflow.source.git.repoURL', fact: 'repository' },
  { key: 'mlflow.source.git.commit', fact: 'commit' },
  { key: 'mlflow.source.git.branch', fact: 'branch' },
  { key: 'mlflow.source.name', fact: 'entryPoint' },
  { key: 'mlflow.source.type', fact: 'type' },
  { key: 'mlflow.source.git.dirty', fact: 'dirty' },
] as const satisfies readonly { readonly key: string; readonly fact: keyof Source }[];

const FACT_OF: ReadonlyMap<string, keyof Source> = new Map(SOURCE_TAGS.map(({ key, fact }) => [key, fact]));

/**
 * Tags with those taken out that are facts of the source. Whether there were changes is told by `true` or `false`; any
 * other word stays a tag.
 */
export function sourceInTags(tags: readonly KeyValue[]): {
  readonly source: Source;
  readonly tags: readonly KeyValue[];
} {
  const isFact = ({ key, value }: KeyValue) =>
    FACT_OF.has(key) && (FACT_OF.get(key) !== 'dirty' || /^(true|false)$/i.test(value));
  const source = Object.fromEntries(
    tags.filter(isFact).map(({ key, value }) => {
      const fact = FACT_OF.get(key);
      return [fact, fact === 'dirty' ? value.toLowerCase() === 'true' : value];
    }),
  ) as Source;
  return { source, tags: tags.filter((tag) => !isFact(tag)) };
}

/** The facts whose tags are taken away, as what they are to be. */
export function factsWithout(keys: readonly string[]): Source {
  const facts = keys.flatMap((key) => FACT_OF.get(key) ?? []);
  return Object.fromEntries(facts.map((fact) => [fact, null]));
}

/** The facts as the tags that MLflow's clients read. */
export function tagsOfSource(source: Source | null): readonly KeyValue[] {
  return SOURCE_TAGS.flatMap(({ key, fact }) => {
    const value = source?.[fact] ?? null;
    return value === null ? [] : [{ key, value: String(value) }];
  });
}
