import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import { BoundedMap } from '../kernel/bounded-map';
import { Failure } from '../kernel/errors';
import type { RowComparison } from './data-profile';
import type { DatasetVersion } from './dataset';
import type { DatasetsDependencies } from './datasets-dependencies';
import { Unreadable } from './reading/unreadable';
import { withVersionFile, type DataBytes } from './version-file';

/** Comparisons that are kept; what was compared never changes, and each is a line of numbers. */
const MAX_KEPT = 200;

/** The use case `compareRows`. */
export class VersionComparer {
  private readonly kept = new BoundedMap<string, RowComparison>(MAX_KEPT);

  constructor(
    private readonly dependencies: Pick<DatasetsDependencies, 'artifacts' | 'sources' | 'reader'>,
  ) {}

  /** Null where the bytes of one are not here, or no name is a column of both. Throws `Failure`. */
  async compare(actor: Actor, from: DatasetVersion, to: DatasetVersion): Promise<RowComparison | null> {
    authorize(actor, 'platform:read');
    const [a, b] = [from.sha256, to.sha256];
    if (from.format === null || to.format === null || a === null || b === null) return null;
    const key = `${a} ${b}`;
    const comparison = this.kept.get(key) ?? (await this.read({ ...from, sha256: a }, { ...to, sha256: b }));
    this.kept.set(key, comparison);
    return comparison.columns.length === 0 ? null : comparison;
  }

  private async read(from: DataBytes, to: DataBytes): Promise<RowComparison> {
    try {
      return await withVersionFile(this.dependencies, from, (fromPath) =>
        withVersionFile(this.dependencies, to, (toPath) =>
          this.dependencies.reader.perform({ kind: 'compare', fromPath, toPath }),
        ),
      );
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const facts = { retryable: false, reason: error.code };
      throw new Failure('UNAVAILABLE', `The rows cannot be compared. ${error.message}`, facts);
    }
  }
}
