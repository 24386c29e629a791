import { createReadStream } from 'node:fs';
import { crc32 } from 'node:zlib';

/**
 * W&B's log of a run: seven bytes, and then blocks as LevelDB's log has them. In a block are pieces: CRC-32 of the kind
 * and the content (4 bytes, little-endian), length (2), kind (1: a whole record; 2, 3 and 4: its first, a middle, its
 * last piece), content. What is left of a block and cannot hold a piece's head is unused.
 */
const BLOCK_BYTES = 32_768;
const HEAD_BYTES = 7;
const FILE_HEAD = Buffer.from(':W&B');
const MAGIC = 0xbee1;
const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;
/** Longest record that is read, in bytes. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;
/** Read from the disk at a time. */
const BLOCKS_PER_READ = 32;

export interface LogFault {
  readonly kind: 'damaged' | 'cut off' | 'too long' | 'no log';
  readonly at: number;
}
export interface LogRecords {
  readonly contents: readonly Buffer[];
  readonly faults: readonly LogFault[];
}

/** Joins pieces to records, block by block. */
export class LogReader {
  private pieces: Buffer[] | null = null;
  private pieceBytes = 0;
  private at = 0;

  /** @param block a whole block; of the last one what there is */
  read(block: Buffer): LogRecords {
    const contents: Buffer[] = [];
    const faults: LogFault[] = [];
    const start = this.at;
    this.at += block.length;
    let offset = start === 0 ? HEAD_BYTES : 0;
    if (start === 0 && !isLog(block)) return { contents, faults: [{ kind: 'no log', at: 0 }] };
    while (BLOCK_BYTES - offset >= HEAD_BYTES && offset < block.length) {
      const at = start + offset;
      const end =
        offset + HEAD_BYTES + (offset + HEAD_BYTES <= block.length ? block.readUInt16LE(offset + 4) : 0);
      if (offset + HEAD_BYTES > block.length || (end > block.length && block.length < BLOCK_BYTES)) {
        faults.push({ kind: 'cut off', at });
        this.pieces = null;
        return { contents, faults };
      }
      if (!isWhole(block, offset)) {
        faults.push({ kind: 'damaged', at });
        this.pieces = null;
        // Where its length is damaged too, the next block begins with a head that can be found.
        if (!isWhole(block, end)) break;
        offset = end;
        continue;
      }
      const piece = block.subarray(offset + HEAD_BYTES, end);
      const kind = block[offset + 6] ?? 0;
      const fault = this.add(kind, piece, contents);
      if (fault !== null) faults.push({ kind: fault, at });
      offset = end;
    }
    return { contents, faults };
  }

  /** What is wrong with the end of the file; null where it ends with a whole record. */
  end(): LogFault | null {
    return this.pieces === null ? null : { kind: 'cut off', at: this.at };
  }

  private add(kind: number, piece: Buffer, contents: Buffer[]): LogFault['kind'] | null {
    if (kind === FULL || kind === FIRST) {
      const wasOpen = this.pieces !== null;
      this.pieces = kind === FIRST ? [piece] : null;
      this.pieceBytes = piece.length;
      if (kind === FULL) contents.push(piece);
      return wasOpen ? 'damaged' : null;
    }
    if (kind !== MIDDLE && kind !== LAST) return 'damaged';
    if (!this.pieces) return null; // its beginning was damaged, and has been told
    this.pieceBytes += piece.length;
    if (this.pieceBytes > MAX_RECORD_BYTES) {
      this.pieces = null;
      return 'too long';
    }
    this.pieces.push(piece);
    if (kind === LAST) {
      contents.push(Buffer.concat(this.pieces));
      this.pieces = null;
    }
    return null;
  }
}

/** Whether the piece that begins there is all there, as it was written. */
function isWhole(block: Buffer, offset: number): boolean {
  if (offset + HEAD_BYTES > block.length) return false;
  const end = offset + HEAD_BYTES + block.readUInt16LE(offset + 4);
  if (end > block.length) return false;
  const checksum = crc32(
    block.subarray(offset + HEAD_BYTES, end),
    crc32(block.subarray(offset + 6, offset + 7)),
  );
  return checksum === block.readUInt32LE(offset);
}

const isLog = (block: Buffer): boolean =>
  block.length >= HEAD_BYTES && block.subarray(0, 4).equals(FILE_HEAD) && block.readUInt16LE(4) === MAGIC;

/** The records of a file, some at a time, in memory for one record and one read of the disk. */
export async function* logRecordsIn(file: string): AsyncGenerator<LogRecords> {
  const reader = new LogReader();
  const stream = createReadStream(file, { highWaterMark: BLOCK_BYTES * BLOCKS_PER_READ });
  let kept: Buffer = Buffer.alloc(0);
  for await (const read of stream as AsyncIterable<Buffer>) {
    kept = kept.length === 0 ? read : Buffer.concat([kept, read]);
    const whole = kept.length - (kept.length % BLOCK_BYTES);
    for (let at = 0; at < whole; at += BLOCK_BYTES) {
      const records = reader.read(kept.subarray(at, at + BLOCK_BYTES));
      yield records;
      if (records.faults[0]?.kind === 'no log') return;
    }
    kept = kept.subarray(whole);
  }
  if (kept.length > 0) yield reader.read(kept);
  const fault = reader.end();
  if (fault) yield { contents: [], faults: [fault] };
}
