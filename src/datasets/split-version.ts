import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import type { Sha256 } from '../kernel/artifacts/artifact';
import {
  notFound,
  refuse,
  type InvalidArtifact,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../kernel/errors';
import { refusableTransaction } from '../kernel/database/refusable-transaction';
import type { Transaction } from '../kernel/database/sql';
import type { WrittenSplit } from './data-profile';
import type { DatasetVersion } from './dataset';
import { parseDatasetRef } from './dataset-ref';
import type { DatasetsDependencies } from './datasets-dependencies';
import { unreadable } from './datasets.errors';
import { DatasetsQueries } from './datasets.queries';
import { DatasetsStore } from './datasets.store';
import { Unreadable } from './reading/unreadable';
import { withVersionFile } from './version-file';
import type { PreparedVersion, VersionRegistrar } from './register-version';
import { checkSplit, checkSplitColumns, datasetOfSplit, emptySplit, type SplitVersionInput } from './split';

type Refused = Refusal<InvalidInput | InvalidArtifact | NotFound>;
export type SplitResult = { readonly ok: true; readonly versions: readonly DatasetVersion[] } | Refused;

/** What is split, and who wants it how. */
interface Splitting {
  readonly actor: Actor;
  readonly input: SplitVersionInput;
  readonly parent: DatasetVersion;
  readonly parentName: string;
}

/** A part that only has to be written. */
interface PreparedPart {
  readonly ok: true;
  readonly split: SplitVersionInput['splits'][number];
  readonly dataset: string;
  readonly version: PreparedVersion;
}

/** The use case `splitVersion`. Called again it finds what it has made: parts are versions by their content. */
export class VersionSplitter {
  private readonly queries: DatasetsQueries;
  private readonly store = new DatasetsStore();

  constructor(
    private readonly dependencies: DatasetsDependencies,
    private readonly registrar: VersionRegistrar,
  ) {
    this.queries = new DatasetsQueries(dependencies.database);
  }

  async split(actor: Actor, input: SplitVersionInput): Promise<SplitResult> {
    authorize(actor, 'dataset:write');
    const ref = parseDatasetRef(input.ref);
    const wrong = checkSplit(input, ref?.name ?? '');
    if (wrong) return refuse(wrong);
    const [parent] = await this.queries.versionsByRefs(actor.projectId, [ref]);
    if (!parent || !ref) return refuse(notFound('dataset version', input.ref));
    const [columns = []] = await this.queries.columnsByVersionIds(actor.projectId, [parent.id]);
    const wrongColumn = checkSplitColumns(input, parent, columns);
    if (wrongColumn) return refuse(wrongColumn);
    return this.splitInFolder({ actor, input, parent, parentName: ref.name });
  }

  private async splitInFolder(splitting: Splitting): Promise<SplitResult> {
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-split-'));
    try {
      const files = await this.write(folder, splitting);
      const empty = files.findIndex(({ rowCount }) => rowCount === 0);
      if (empty !== -1) return refuse(emptySplit(empty));
      const parts: PreparedPart[] = [];
      for (const [index, file] of files.entries()) {
        const part = await this.prepare(splitting, index, file);
        if (!part.ok) return part;
        parts.push(part);
      }
      return await refusableTransaction(this.dependencies.database, (tx) => this.keep(tx, splitting, parts));
    } catch (error) {
      if (error instanceof Unreadable) return refuse(unreadable(error));
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async write(
    target: string,
    { input: { splits, seed, stratifyBy = null, groupBy = null }, parent }: Splitting,
  ): Promise<readonly WrittenSplit[]> {
    const { sha256, uri, projectId } = parent;
    if (sha256 === null) throw new Error('A version that was read has a hash.');
    const fractions = splits.map(({ fraction }) => fraction);
    const how = { fractions, seed: String(seed), stratifyBy, groupBy };
    return withVersionFile(this.dependencies, { projectId, sha256, uri }, (path) =>
      this.dependencies.reader.perform({ kind: 'split', path, target, ...how }),
    );
  }

  /** Its bytes are an artifact from here on, and read; that it is a part nobody knows yet. */
  private async prepare(
    { actor, input, parent, parentName }: Splitting,
    index: number,
    { path }: WrittenSplit,
  ): Promise<PreparedPart | Refused> {
    const split = input.splits[index];
    if (split === undefined) throw new Error('There is a file for each split.');
    const sha256 = await hashOf(path);
    await this.dependencies.artifacts.put(actor.projectId, sha256, createReadStream(path));
    const dataset = datasetOfSplit(split, parentName);
    const version = await this.registrar.prepare(actor, {
      ...{ dataset, artifact: { sha256 }, target: parent.target },
    });
    return version.ok ? { ok: true, split, dataset, version } : version;
  }

  /** All parts or none. In the order of the datasets' names, since each is held until the end. */
  private async keep(
    tx: Transaction,
    { actor, input: { seed, stratifyBy = null, groupBy = null }, parent }: Splitting,
    parts: readonly PreparedPart[],
  ): Promise<SplitResult> {
    const kept = new Map<PreparedPart, DatasetVersion>();
    for (const part of [...parts].sort((one, other) => (one.dataset < other.dataset ? -1 : 1))) {
      const added = await this.registrar.add(tx, actor, part.version);
      if (!added.ok) return added;
      const { name, fraction } = part.split;
      const how = { name, fraction, seed, stratifyBy, groupBy };
      await this.store.addSplit(tx, actor.projectId, {
        ...{ versionId: added.version.id, parentId: parent.id, ...how },
      });
      kept.set(part, added.version);
    }
    return { ok: true, versions: parts.flatMap((part) => kept.get(part) ?? []) };
  }
}

async function hashOf(path: string): Promise<Sha256> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') as Sha256;
}
