import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Aside } from './aside';
import { joined, type BatchContent } from './batch';
import { frameOf, MAX_FRAME_BYTES, readFrames } from './frames';
import { Progress, type Attempt } from './progress';
import { bytesOf, recordIn, type SpoolRecord } from './record';
import { damagedIn, mended } from './repair';
import { SEGMENT_NAME, segmentName, SegmentWriter } from './segment';
import { takeSpoolLock } from './spool-lock';
import { factsIn, writeFacts, type SpoolFacts } from './spool-facts';
import { makeFolder, proveRoom } from './spool-place';
import { ClientError, reasonOf } from '../client-error';

/** A file is deleted when all of it has been sent: so much is kept on the disk beyond what still has to be. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
/** Read at a time: more than one request carries. */
const READ_BYTES = 256 * 1024;

/** What one request carries, and the name by which the server knows it again. */
export interface Batch {
  readonly attempt: Attempt;
  readonly key: string;
  readonly content: BatchContent;
}

interface Segment {
  readonly name: string;
  size: number;
}

/**
 * What a run has told and the server has not yet acknowledged, in files. Records are written at the end, and sent from
 * the beginning, one request at a time. See README.md for the files and for what outlives what.
 */
export class Spool {
  private readonly segments: Segment[] = [];
  private writer: SegmentWriter | null = null;
  /** Of the file before, until it is on the disk. */
  private closing: Promise<void> = Promise.resolve();
  private nextIndex = 0;

  private constructor(
    readonly folder: string,
    readonly facts: SpoolFacts,
    private readonly progress: Progress,
    readonly aside: Aside,
    private readonly release: () => void,
  ) {}

  /** Makes the folder that spools are to be in; throws a ClientError where a spool could not begin in it. */
  static makeRoom(folder: string): void {
    orTold(folder, () => {
      makeFolder(folder);
      proveRoom(folder);
    });
  }

  /** A new one, in a folder that is made; throws a ClientError, and leaves nothing, where the disk does not take it. */
  static create(folder: string, facts: SpoolFacts): Spool {
    return orTold(folder, () => {
      makeFolder(dirname(folder));
      mkdirSync(folder, { mode: 0o700 });
      try {
        const release = takeSpoolLock(folder);
        writeFacts(folder, facts);
        return new Spool(folder, facts, Progress.open(folder), new Aside(folder), release);
      } catch (error) {
        rmSync(folder, { recursive: true, force: true });
        throw error;
      }
    });
  }

  /** One that another process has left behind. What is torn or damaged at the end of a file is cut off and told. */
  static open(folder: string, tell: (sentence: string) => void): Spool {
    const facts = factsIn(folder);
    if (facts === null) throw unknownFacts(folder);
    const release = orTold(folder, () => takeSpoolLock(folder));
    try {
      return orTold(folder, () => Spool.mended(folder, facts, release, tell));
    } catch (error) {
      release();
      throw error;
    }
  }

  private static mended(
    folder: string,
    facts: SpoolFacts,
    release: () => void,
    tell: (sentence: string) => void,
  ): Spool {
    const spool = new Spool(folder, facts, Progress.open(folder), new Aside(folder), release);
    for (const name of readdirSync(folder)
      .filter((file) => SEGMENT_NAME.test(file))
      .toSorted()) {
      mended(join(folder, name), tell);
      spool.segments.push({ name, size: statSync(join(folder, name)).size });
    }
    spool.nextIndex = Number(spool.segments.at(-1)?.name.slice(0, 8) ?? -1) + 1;
    spool.dropSent();
    return spool;
  }

  /** Bytes on the disk, of what is still to be sent and what has not been deleted yet. */
  get sizeBytes(): number {
    return this.segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** Bytes that have not been acknowledged. */
  get pendingBytes(): number {
    return Math.max(0, this.sizeBytes - this.offsetIn(this.segments[0]));
  }

  get isEmpty(): boolean {
    return this.pendingBytes === 0;
  }

  /** Writes at once, on this thread; throws what the system says, and then nothing has been written. */
  append(record: SpoolRecord): void {
    const bytes = frameOf(bytesOf(record));
    if (this.writer === null || this.writer.size >= SEGMENT_BYTES) this.startSegment();
    const { writer } = this;
    const segment = this.segments.at(-1);
    if (!writer || !segment) throw new Error('A segment has just been started.');
    try {
      writer.append(bytes);
    } catch (error) {
      if (this.isEmpty && writer.size > 0) this.leaveSegment();
      throw error;
    }
    segment.size = writer.size;
  }

  /** All that was written before is on the disk when it resolves. */
  async synced(): Promise<void> {
    await this.writer?.synced();
  }

  /** The next request, the same as before where one was begun; null where nothing is left. */
  async next(): Promise<Batch | null> {
    this.dropSent();
    const [segment] = this.segments;
    if (segment === undefined) return null;
    const begun = this.progress.attempt;
    const from = begun?.segment === segment.name ? begun.from : this.offsetIn(segment);
    if (from >= segment.size) return null;
    const to = begun?.segment === segment.name ? begun.to : undefined;
    const { records, ends } = await this.read(segment, from, to);
    const next = to === undefined ? joined(records) : joinedAll(records);
    if (next === null) return null;
    const end = ends[next.count - 1] ?? from;
    const attempt = { segment: segment.name, from, to: end, at: begun?.at ?? Date.now() };
    return { attempt, key: `spool:${segment.name}:${from}-${end}`, content: next.content };
  }

  /** Remembers that the request is on its way. Only then may it be sent. False where it had been begun before. */
  async begin({ attempt }: Batch): Promise<boolean> {
    if (this.progress.attempt?.segment === attempt.segment) return false;
    await this.closing;
    await this.writer?.synced();
    await this.progress.begin(attempt);
    return true;
  }

  /** The request has certainly not been done, this time nor before. */
  cancel(): void {
    this.progress.cancel();
  }

  /** It has been acknowledged, or put aside. */
  complete({ attempt }: Batch): void {
    this.progress.complete({ segment: attempt.segment, offset: attempt.to });
    this.dropSent();
  }

  /** Keeps what the request carried for a person to look at, goes on behind it, and says in which file it is. */
  putAside(batch: Batch, code: string, message: string): string {
    this.aside.put(batch.content, code, message);
    this.complete(batch);
    return this.aside.file;
  }

  /** Files that were damaged: what was damaged in them is kept beside them, and never sent. */
  get damagedFiles(): number {
    return damagedIn(this.folder);
  }

  /** Closes its files; deletes the folder where all has been sent, and nothing was put aside or damaged. */
  async close(): Promise<void> {
    await this.closing;
    await this.writer?.close();
    this.writer = null;
    await this.progress.close();
    const isDone = this.isEmpty && this.aside.count === 0 && this.damagedFiles === 0;
    this.release();
    if (isDone) rmSync(this.folder, { recursive: true, force: true });
  }

  private startSegment(): void {
    const next = new SegmentWriter(this.folder, segmentName(this.nextIndex));
    this.closing = this.writer?.close() ?? this.closing;
    this.nextIndex += 1;
    this.writer = next;
    this.segments.push({ name: next.name, size: 0 });
  }

  /** All of it has been sent: a disk that is full has room again once it is gone, for whoever writes next. */
  private leaveSegment(): void {
    this.closing = this.writer?.close() ?? this.closing;
    this.writer = null;
    this.dropSent();
  }

  private offsetIn(segment: Segment | undefined): number {
    const { done } = this.progress;
    return done && done.segment === segment?.name ? done.offset : 0;
  }

  /** Deletes files of which all has been dealt with, but for the one that is being written. */
  private dropSent(): void {
    const { done } = this.progress;
    for (let [first] = this.segments; first !== undefined; [first] = this.segments) {
      const isBehind = done !== null && first.name < done.segment;
      if (!isBehind && this.offsetIn(first) < first.size) return;
      if (first.name === this.writer?.name) return;
      rmSync(join(this.folder, first.name), { force: true });
      this.segments.shift();
    }
  }

  private async read({ name, size }: Segment, from: number, to: number | undefined) {
    const file = await open(join(this.folder, name));
    try {
      const end = Math.min(to ?? size, size);
      const few = await bytesOfFile(file, from, to ?? Math.min(end, from + READ_BYTES));
      const found = readFrames(few);
      const isLong = found.contents.length === 0;
      const most = Math.min(end, from + MAX_FRAME_BYTES * 2);
      const { contents } = isLong ? readFrames(await bytesOfFile(file, from, most)) : found;
      if (contents.length === 0)
        throw new ClientError('CORRUPT', `${join(this.folder, name)} cannot be read at byte ${from}.`);
      return {
        records: contents.map(({ content }) => recordIn(content)),
        ends: contents.map((frame) => from + frame.end),
      };
    } finally {
      await file.close();
    }
  }
}

const unknownFacts = (folder: string): ClientError =>
  new ClientError(
    'CORRUPT',
    `Whose points are in ${folder} is not known: its spool.json cannot be read, is damaged, or of another release.`,
  );

/** The records of a request that was begun before: all of them, however they were joined then. */
function joinedAll(records: readonly SpoolRecord[]): { count: number; content: BatchContent } | null {
  const [first] = records;
  if (first === undefined) return null;
  if (!('points' in first)) return { count: 1, content: first };
  const points = records.flatMap((record) => ('points' in record ? record.points : []));
  return { count: records.length, content: { points } };
}

async function bytesOfFile(
  file: Awaited<ReturnType<typeof open>>,
  from: number,
  to: number,
): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
  return bytes.subarray(0, bytesRead);
}

/** What the disk says becomes a sentence. */
function orTold<Result>(folder: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new ClientError('SPOOL_UNWRITABLE', `The spool ${folder} cannot be written: ${reasonOf(error)}.`);
  }
}
