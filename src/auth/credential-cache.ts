import { BoundedMap } from '../kernel/bounded-map';
import type { StoredKey } from './auth.queries';

/** Age after which a credential is read again, in ms: a revoked key works at most this long plus one read. */
const FRESH_FOR_MS = 5_000;
/** Credentials kept in memory; the oldest goes first. */
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly key: StoredKey;
  readAtMs: number;
  refresh: Promise<StoredKey | null> | undefined;
}

/**
 * Known credentials, so that a call costs no statement and what is deployed keeps answering while the database is
 * away. An old entry is used once more while it is read again in the background.
 */
export class CredentialCache {
  private readonly entries = new BoundedMap<string, Entry>(MAX_ENTRIES);

  constructor(
    private readonly read: (hash: string) => Promise<StoredKey | null>,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Answers at once where it can; null where no such key is valid. */
  get(hash: string): StoredKey | Promise<StoredKey | null> {
    const entry = this.entries.get(hash);
    if (!entry) return this.load(hash);
    if (this.nowMs() - entry.readAtMs >= FRESH_FOR_MS) entry.refresh ??= this.refresh(hash, entry);
    return entry.key;
  }

  /** Reads it again, however lately that was done; null where it is valid no more. Reads at the same time share one. */
  reread(hash: string): Promise<StoredKey | null> {
    const entry = this.entries.get(hash);
    return entry ? (entry.refresh ??= this.refresh(hash, entry)) : this.load(hash);
  }

  private async load(hash: string): Promise<StoredKey | null> {
    const key = await this.read(hash);
    if (key) this.keep(hash, key);
    return key;
  }

  private async refresh(hash: string, entry: Entry): Promise<StoredKey | null> {
    try {
      const key = await this.read(hash);
      if (key) this.keep(hash, key);
      else this.entries.delete(hash);
      return key;
    } catch {
      entry.readAtMs = this.nowMs(); // the database is away: what was valid stays valid until it can be asked
      entry.refresh = undefined;
      return entry.key;
    }
  }

  private keep(hash: string, key: StoredKey): void {
    this.entries.set(hash, { key, readAtMs: this.nowMs(), refresh: undefined });
  }
}
