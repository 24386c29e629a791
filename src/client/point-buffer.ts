import type { Listeners } from './options';
import { reasonOf } from './client-error';
import { MAX_POINTS_PER_RECORD, type SpooledPoint, type SpoolRecord } from './spool/record';
import type { Spool } from './spool/spool';

/** How long a point may be in memory only, in ms, as long as `log` is called or the event loop turns. */
export const WRITE_INTERVAL_MS = 100;
/** Points that wait in memory while the disk takes none: some ten MB. Beyond, they are refused. */
const MAX_BUFFERED_POINTS = 50_000;
/** Of the end of a run and its params, beyond the limit for points, in bytes: a run must be able to end. */
const RESERVE_BYTES = 1024 * 1024;
/** What a point takes in the spool, at most about, in bytes beyond its key. */
const POINT_BYTES = 64;

/**
 * Points on their way into the spool: a tenth of a second of them at most, so that one write takes many. Writes are
 * made on the caller's thread, into the system's memory: they wait for no server and, but for a disk in trouble, for no
 * disk.
 */
export class PointBuffer {
  private points: SpooledPoint[] = [];
  private writtenAt = -Infinity;
  private timer: NodeJS.Timeout | null = null;
  private isFull = false;
  private isUnwritable = false;
  /** Points that were refused, since there was no room for them. */
  refused = 0;

  constructor(
    private readonly spool: Pick<Spool, 'append' | 'folder' | 'sizeBytes'>,
    private readonly maxBytes: number,
    private readonly listeners: Listeners,
    private readonly onWritten: () => void,
  ) {}

  get count(): number {
    return this.points.length;
  }

  /** Takes all of them or none. */
  add(points: readonly SpooledPoint[]): boolean {
    const bytes = points.reduce((sum, [key]) => sum + key.length + POINT_BYTES, 0);
    const waiting = this.points.length * POINT_BYTES;
    const hasRoom =
      this.spool.sizeBytes + waiting + bytes <= this.maxBytes &&
      this.points.length + points.length <= MAX_BUFFERED_POINTS;
    if (!hasRoom) return this.refuse(points.length);
    this.tellRoom();
    for (const point of points) this.points.push(point);
    const isDue = performance.now() - this.writtenAt >= WRITE_INTERVAL_MS;
    if (isDue || (this.points.length >= MAX_POINTS_PER_RECORD && !this.isUnwritable)) this.write();
    else this.timer ??= setTimeout(() => this.write(), WRITE_INTERVAL_MS).unref();
    return true;
  }

  /** All that waits, and then the record, which is not a point; false where it could not be written. */
  addRecord(record: SpoolRecord): boolean {
    return (
      this.spool.sizeBytes <= this.maxBytes + RESERVE_BYTES &&
      this.write() &&
      this.tried(() => this.spool.append(record))
    );
  }

  /** Writes all that waits; false where the disk does not take it: it waits on, and is tried again. */
  write(): boolean {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.writtenAt = performance.now();
    while (this.points.length > 0) {
      const points = this.points.slice(0, MAX_POINTS_PER_RECORD);
      if (!this.tried(() => this.spool.append({ points }))) {
        this.timer = setTimeout(() => this.write(), WRITE_INTERVAL_MS * 10).unref();
        return false;
      }
      this.points = this.points.slice(points.length);
    }
    return true;
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private tried(append: () => void): boolean {
    try {
      append();
    } catch (error) {
      const message = `The spool ${this.spool.folder} cannot be written: ${reasonOf(error)}. Points wait in memory.`;
      if (!this.isUnwritable) this.listeners.warn('SPOOL_UNWRITABLE', message);
      this.isUnwritable = true;
      return false;
    }
    this.isUnwritable = false;
    this.onWritten();
    return true;
  }

  private refuse(count: number): false {
    this.refused += count;
    if (!this.isFull) {
      const room = `${this.spool.sizeBytes} of ${this.maxBytes} bytes on the disk, ${this.points.length} points in memory`;
      this.listeners.warn(
        'SPOOL_FULL',
        `There is no room for more points (${room}): they are refused from now on.`,
      );
    }
    this.isFull = true;
    return false;
  }

  private tellRoom(): void {
    if (!this.isFull) return;
    this.isFull = false;
    this.listeners.warn('SPOOL_ROOM', `Points are taken again; ${this.refused} were refused so far.`);
  }
}
