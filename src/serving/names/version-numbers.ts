import type { ModelVersion } from '../../registry/registry';

/** How a version stands under a name: who comes first in this list is meant by a number that several have. */
const STANDINGS = ['variant', 'registered', 'shadow'] as const;
export type Standing = (typeof STANDINGS)[number];

interface Named {
  readonly name: string;
  readonly version: Pick<ModelVersion, 'ordinal'>;
  readonly standing: Standing;
}

/**
 * Those that another version of the same name hides behind its number: an endpoint may have versions of several models.
 * A number means a variant before anything else, and nobody where two could be meant (`asked-version.ts`).
 */
export function hiddenByNumber<Entry extends Named>(entries: readonly Entry[]): ReadonlySet<Entry> {
  const byNumber = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.name, entry.version.ordinal]);
    const alike = byNumber.get(key);
    if (alike) alike.push(entry);
    else byNumber.set(key, [entry]);
  }
  const hidden = [...byNumber.values()].flatMap((alike) => {
    const meant = meantBy(alike);
    return alike.filter((entry) => entry !== meant);
  });
  return new Set(hidden);
}

function meantBy<Entry extends Named>(alike: readonly Entry[]): Entry | undefined {
  const first = STANDINGS.find((standing) => alike.some((entry) => entry.standing === standing));
  const [meant, ...others] = alike.filter(({ standing }) => standing === first);
  return others.length === 0 ? meant : undefined;
}
