import { setTimeout as delay } from 'node:timers/promises';
import type { ServerAccess } from './access';
import { uploadArtifact, type Uploaded } from './artifact-upload';
import { ClientError } from './client-error';
import { callUntil } from './call-until';
import { LOG_ARTIFACT, type RunStatus } from './operations/runs';
import type { ClientOptions, Listeners } from './options';
import { DEFAULT_MAX_SPOOL_BYTES, DEFAULT_REQUEST_TIMEOUT_MS } from './options';
import { paramsOf, type FactValue } from './facts';
import { pointsOf, type Told } from './point';
import { PointBuffer } from './point-buffer';
import { Sender } from './sender';
import { timerMs } from './timer-ms';
import { MAX_PARAMS_PER_RECORD } from './spool/record';
import type { Spool } from './spool/spool';

/** How long `finish` and `flush` wait for a server that is away, in ms, unless told otherwise. */
export const DEFAULT_WAIT_MS = 30_000;
/** How long a disk that takes nothing is left alone, in ms. */
const RETRY_WRITE_MS = 100;
/** How long an upload is tried, in ms, unless told otherwise. */
const DEFAULT_UPLOAD_MS = 600_000;
/** So much is on the disk, and not only in the system's memory, after this long in ms. */
const SYNC_INTERVAL_MS = 1_000;

/** What has come of all that was logged. */
export interface Delivery {
  /** Whether the server has answered everything. */
  readonly delivered: boolean;
  /** Bytes that wait in the spool for `modelgraph spool send`, or for `resumeSpool`. */
  readonly pendingBytes: number;
  /** Points that were refused by `log`, since there was no room for them. */
  readonly refusedPoints: number;
  /** Points that wait in memory, since the disk does not take them; once the run has ended here they are lost. */
  readonly unwrittenPoints: number;
  /** Requests that the server has refused; they are kept in `refused.jsonl` in the spool. */
  readonly refusedRequests: number;
  /** Where they wait; the folder is gone where nothing does. */
  readonly spool: string;
}

export interface WaitOptions {
  /** Longest to wait, in ms; 30,000 if absent. */
  readonly timeoutMs?: number | undefined;
}

/** Of runs that have not been ended when the process ends. One listener for all: there may be hundreds of runs. */
const atExit = new Set<() => void>();
process.on('exit', () => {
  for (const write of atExit) write();
});

/** A run of which this process tells. Made by `startRun` and `attachRun`. */
export class Run {
  private readonly buffer: PointBuffer;
  private readonly sender: Sender;
  private readonly uploads = new Set<Promise<unknown>>();
  private readonly syncing: NodeJS.Timeout;
  private readonly closers: (() => void)[] = [];
  private ending: Promise<Delivery> | null = null;
  private description: Promise<void> = Promise.resolve();

  /** Takes the spool over: it is closed with the run. */
  constructor(
    readonly id: string,
    readonly name: string,
    private readonly spool: Spool,
    private readonly access: ServerAccess,
    private readonly options: ClientOptions,
    private readonly listeners: Listeners,
  ) {
    const { requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS, maxSpoolBytes = DEFAULT_MAX_SPOOL_BYTES } =
      options;
    this.sender = new Sender(spool, { access, listeners, requestTimeoutMs });
    this.buffer = new PointBuffer(spool, maxSpoolBytes, listeners, () => this.sender.wake());
    this.syncing = setInterval(() => void spool.synced(), SYNC_INTERVAL_MS).unref();
    atExit.add(this.writeAtExit);
  }

  /** The folder of what the server has not yet acknowledged. */
  get spoolFolder(): string {
    return this.spool.folder;
  }

  /** What waits, in memory and on the disk: for whoever would rather wait than be refused. */
  get pending(): { readonly points: number; readonly bytes: number } {
    return { points: this.buffer.count, bytes: this.spool.pendingBytes };
  }

  /**
   * Logs points, at once and without waiting for anybody; `step` is 0 if absent. False where they were not taken: there
   * is no room (`onWarning`), one of them is no point, or the run has ended here (`onError`). Never throws.
   *
   * @param metrics numbers by key; NaN, the infinities and -0 are kept exactly
   */
  log(metrics: Readonly<Record<string, number>>, told: Told = {}): boolean {
    if (this.ending) return this.refuse('RUN_NOT_ACTIVE', `The run ${this.name} has been ended here.`);
    const points = pointsOf(metrics, told);
    if (typeof points === 'string') return this.refuse('INVALID_INPUT', points);
    return points.length === 0 || this.buffer.add(points);
  }

  /** Logs parameters, which never change; as `log`, it waits for nobody and never throws. */
  logParams(params: Readonly<Record<string, FactValue>>): boolean {
    if (this.ending) return this.refuse('RUN_NOT_ACTIVE', `The run ${this.name} has been ended here.`);
    const facts = paramsOf(params);
    if (typeof facts === 'string') return this.refuse('INVALID_INPUT', facts);
    for (let from = 0; from < facts.length; from += MAX_PARAMS_PER_RECORD) {
      const params = facts.slice(from, from + MAX_PARAMS_PER_RECORD);
      if (!this.buffer.addRecord({ params }))
        return this.refuse('SPOOL_FULL', `No room for ${facts.length - from} of ${facts.length} params.`);
    }
    return true;
  }

  /**
   * Uploads a file and names it in the run. While the server is away it is tried again, for ten minutes if nothing else
   * is said; then, and where the server refuses, it throws a ClientError. Bytes are not spooled.
   *
   * @param path its name in the run, with slashes, such as `plots/loss.png`
   * @param source bytes, or the path of a file, which is read twice and never held in memory
   */
  logArtifact(path: string, source: Uint8Array | string, wait: WaitOptions = {}): Promise<Uploaded> {
    if (this.ending)
      return Promise.reject(new ClientError('RUN_NOT_ACTIVE', `The run ${this.name} has been ended here.`));
    const upload = this.upload(path, source, performance.now() + (wait.timeoutMs ?? DEFAULT_UPLOAD_MS));
    this.uploads.add(upload);
    const forget = () => this.uploads.delete(upload);
    void upload.then(forget, forget);
    return upload;
  }

  /** Waits until the server has answered all that was logged before, or until the time is over. */
  async flush({ timeoutMs = DEFAULT_WAIT_MS }: WaitOptions = {}): Promise<Delivery> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const isWritten = this.buffer.write();
      const isDrained = await this.sender.drained(Math.max(0, until - performance.now()));
      const isOver = performance.now() >= until;
      if (isWritten || !isDrained || isOver) return this.delivery(isDrained && isWritten);
      await delay(RETRY_WRITE_MS); // what has been sent leaves room on a disk that is full
    }
  }

  /**
   * Ends the run, after all that was logged. If the server is away for longer than the time, the end waits in the spool
   * with the rest (`delivered` is false then). The run takes nothing more here; a second call gives the first one's
   * answer.
   */
  finish(
    status: Exclude<RunStatus, 'SCHEDULED' | 'RUNNING'> = 'FINISHED',
    wait: WaitOptions = {},
  ): Promise<Delivery> {
    this.ending ??= this.end(wait, status);
    return this.ending;
  }

  /** As `finish`, but the run goes on, elsewhere. */
  close(wait: WaitOptions = {}): Promise<Delivery> {
    this.ending ??= this.end(wait, null);
    return this.ending;
  }

  /** Telling what the run is made with, which goes before its end, and never fails. */
  describeBy(description: Promise<void>): void {
    this.description = description;
  }

  /** Work that must stop with the run. */
  onClose(stop: () => void): void {
    this.closers.push(stop);
  }

  private writeAtExit = (): void => {
    if (!this.buffer.write()) this.listeners.refuseAtExit('SPOOL_UNWRITABLE', lostPoints(this.buffer.count));
  };

  private async end(
    { timeoutMs = DEFAULT_WAIT_MS }: WaitOptions,
    status: RunStatus | null,
  ): Promise<Delivery> {
    for (const stop of this.closers) stop();
    await Promise.allSettled(this.uploads);
    await settledWithin(this.description, timeoutMs);
    const delivery = await this.flushEnd(timeoutMs, status);
    clearInterval(this.syncing);
    atExit.delete(this.writeAtExit);
    this.buffer.stop();
    const { unwrittenPoints: lost } = delivery;
    if (lost > 0) this.refuse('SPOOL_UNWRITABLE', lostPoints(lost));
    await this.sender.stop();
    await this.spool.close();
    return delivery;
  }

  /** A disk that is full now may have room for the end once what was logged before has been sent. */
  private async flushEnd(timeoutMs: number, status: RunStatus | null): Promise<Delivery> {
    const until = performance.now() + timeoutMs;
    const isWritten = status === null || this.buffer.addRecord({ finish: status });
    const delivery = await this.flush({ timeoutMs });
    if (isWritten) return delivery;
    if (this.buffer.addRecord({ finish: status }))
      return this.flush({ timeoutMs: Math.max(0, until - performance.now()) });
    this.refuse('SPOOL_FULL', `The end of the run ${this.name} could not be written.`);
    return { ...delivery, delivered: false };
  }

  private delivery(delivered: boolean): Delivery {
    return {
      delivered,
      pendingBytes: this.spool.pendingBytes,
      refusedPoints: this.buffer.refused,
      unwrittenPoints: this.buffer.count,
      refusedRequests: this.spool.aside.count,
      spool: this.spool.folder,
    };
  }

  private refuse(code: string, message: string): false {
    this.listeners.refuse(code, message, null);
    return false;
  }

  private async upload(path: string, source: Uint8Array | string, until: number): Promise<Uploaded> {
    const uploaded = await uploadArtifact(this.access, source, until);
    const input = { runId: this.id, path, artifact: { sha256: uploaded.sha256 } };
    const { result } = await callUntil(
      this.access,
      LOG_ARTIFACT,
      { input },
      until,
      this.options.requestTimeoutMs,
    );
    if (!('run' in result)) throw new ClientError(result.code, result.message);
    return uploaded;
  }
}

const lostPoints = (count: number): string => `${count} points are lost: the disk has not taken them.`;

/** Waits for the work, but no longer than that. */
async function settledWithin(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, timerMs(timeoutMs))));
  await Promise.race([work, over]);
  clearTimeout(timer);
}
