import { createReadStream } from 'node:fs';
import { maskedCrc32c } from './crc32c';

/** Length (8 bytes, little-endian) and its checksum (4). */
const HEADER_BYTES = 12;
/** The checksum of what is held. */
const FOOTER_BYTES = 4;
/** Longest record that is read, in bytes: no scalar has a thousandth of it; graphs and videos are passed over. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;
/** Read from the disk at a time, in bytes. */
const CHUNK_BYTES = 1024 * 1024;

/** What is wrong with a file, and from which byte on. */
export interface RecordFault {
  readonly kind: 'damaged record' | 'damaged file' | 'cut off' | 'too long';
  readonly at: number;
}

export interface Records {
  readonly contents: readonly Buffer[];
  readonly faults: readonly RecordFault[];
}

interface Scan extends Records {
  /** Bytes that are done with. */
  readonly end: number;
  /** Bytes after `end` that are to be passed over unread. */
  readonly skip: number;
  readonly isOver: boolean;
}

/**
 * The whole records at the beginning of the bytes; the contents are views of them. A record whose bytes are not those
 * that were written is passed over; where its length is not, nobody knows where the next one begins.
 *
 * @param at the place of the first byte in its file
 */
export function scanRecords(bytes: Buffer, at = 0): Scan {
  const contents: Buffer[] = [];
  const faults: RecordFault[] = [];
  let end = 0;
  while (bytes.length - end >= HEADER_BYTES) {
    const header = bytes.subarray(end, end + 8);
    if (maskedCrc32c(header) !== bytes.readUInt32LE(end + 8)) {
      faults.push({ kind: 'damaged file', at: at + end });
      return { contents, faults, end, skip: 0, isOver: true };
    }
    const length = Number(header.readBigUInt64LE());
    const whole = HEADER_BYTES + length + FOOTER_BYTES;
    if (length > MAX_RECORD_BYTES) {
      faults.push({ kind: 'too long', at: at + end });
      return { contents, faults, end, skip: whole, isOver: false };
    }
    if (bytes.length - end < whole) break;
    const content = bytes.subarray(end + HEADER_BYTES, end + HEADER_BYTES + length);
    if (maskedCrc32c(content) === bytes.readUInt32LE(end + HEADER_BYTES + length)) contents.push(content);
    else faults.push({ kind: 'damaged record', at: at + end });
    end += whole;
  }
  return { contents, faults, end, skip: 0, isOver: false };
}

/** The records of a file, some at a time, in memory for one record and one read of the disk. */
export async function* recordsIn(file: string, chunkBytes = CHUNK_BYTES): AsyncGenerator<Records> {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let wanted = HEADER_BYTES;
  let at = 0;
  let skip = 0;
  for await (const read of createReadStream(file, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    const passed = Math.min(skip, read.length);
    skip -= passed;
    at += passed;
    if (passed === read.length) continue;
    kept.push(read.subarray(passed));
    keptBytes += read.length - passed;
    // A long record is joined once, when it is all there.
    if (keptBytes < wanted) continue;
    let bytes = Buffer.concat(kept);
    for (;;) {
      const scan = scanRecords(bytes, at);
      yield scan;
      if (scan.isOver) return;
      const done = Math.min(bytes.length, scan.end + scan.skip);
      skip = scan.end + scan.skip - done;
      at += done;
      bytes = bytes.subarray(done);
      if (scan.skip === 0) break;
    }
    kept = bytes.length === 0 ? [] : [bytes];
    keptBytes = bytes.length;
    wanted = wholeLength(bytes);
  }
  if (keptBytes > 0 || skip > 0) yield { contents: [], faults: [{ kind: 'cut off', at }] };
}

const wholeLength = (bytes: Buffer): number =>
  bytes.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + Number(bytes.readBigUInt64LE()) + FOOTER_BYTES;
