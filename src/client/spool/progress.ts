import { readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { frameOf, readFrames } from './frames';
import { SegmentWriter } from './segment';

const FILE_NAME = 'progress';
/** Beyond so many bytes it is written anew with what still matters: some thousand requests. */
const MAX_BYTES = 256 * 1024;

/** A place in a segment: what is before it has been dealt with. */
export interface Position {
  readonly segment: string;
  readonly offset: number;
}
/** A request that was begun. Whether the server has done it is not known until its answer is. */
export interface Attempt {
  readonly segment: string;
  readonly from: number;
  readonly to: number;
  /** When it was first sent, in ms since 1970: the server knows its key for a day. */
  readonly at: number;
}

type Step = { readonly done: Position } | { readonly attempt: Attempt } | { readonly void: true };

/**
 * How far a spool has been sent, so that whoever goes on after a kill sends the same request again, and not another one
 * with a part of the same points. Steps are written at the end of a file, framed like the spool itself.
 */
export class Progress {
  private constructor(
    private readonly folder: string,
    private writer: SegmentWriter,
    public done: Position | null,
    public attempt: Attempt | null,
  ) {}

  /** What was known is read first; then the file is written anew. */
  static open(folder: string): Progress {
    const { done, attempt } = read(join(folder, FILE_NAME));
    const progress = new Progress(folder, fresh(folder, done, attempt), done, attempt);
    return progress;
  }

  /** On the disk when it resolves: only then may the request be sent. */
  async begin(attempt: Attempt): Promise<void> {
    this.write({ attempt });
    this.attempt = attempt;
    await this.writer.synced();
  }

  /** The request has certainly not been done: others may be made of the same points. */
  cancel(): void {
    if (this.attempt === null) return;
    this.write({ void: true });
    this.attempt = null;
  }

  complete(done: Position): void {
    this.write({ done });
    this.done = done;
    this.attempt = null;
  }

  close(): Promise<void> {
    return this.writer.close();
  }

  private write(step: Step): void {
    if (this.writer.size > MAX_BYTES) {
      void this.writer.close();
      this.writer = fresh(this.folder, this.done, this.attempt);
    }
    this.writer.append(frameOf(Buffer.from(JSON.stringify(step))));
  }
}

function fresh(folder: string, done: Position | null, attempt: Attempt | null): SegmentWriter {
  const draft = `${FILE_NAME}.new`;
  rmSync(join(folder, draft), { force: true });
  const writer = new SegmentWriter(folder, draft);
  const steps: readonly Step[] = [...(done ? [{ done }] : []), ...(attempt ? [{ attempt }] : [])];
  for (const step of steps) writer.append(frameOf(Buffer.from(JSON.stringify(step))));
  renameSync(join(folder, draft), join(folder, FILE_NAME));
  return writer;
}

function read(file: string): { readonly done: Position | null; readonly attempt: Attempt | null } {
  let done: Position | null = null;
  let attempt: Attempt | null = null;
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return { done, attempt };
  for (const { content } of readFrames(readFileSync(file)).contents) {
    const step = JSON.parse(content.toString()) as Step;
    attempt = 'attempt' in step ? step.attempt : null;
    if ('done' in step) done = step.done;
  }
  return { done, attempt };
}
