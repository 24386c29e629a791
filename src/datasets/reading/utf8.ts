import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** Read at a time, in bytes: fewer turns of the event loop than Node's 64 kB. */
const CHUNK_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/** The bytes are not UTF-8. */
export class NotUtf8 extends Error {
  /** @param offset of the first wrong byte: 0 is the first of the file */
  constructor(readonly offset: number) {
    super(`not UTF-8 at byte ${offset}`);
  }
}

/** The bytes of a file. */
export const pieces = (path: string, end?: number): Readable =>
  createReadStream(path, { highWaterMark: CHUNK_BYTES, end });

/** The bytes as they come, each piece after it was found to be UTF-8. Throws `NotUtf8`. */
export async function* checkedUtf8(bytes: Readable): AsyncGenerator<Buffer> {
  let offset = 0;
  let begun: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    const joined = begun.length === 0 ? chunk : Buffer.concat([begun, chunk]);
    const next = begunCharacter(joined);
    if (!isUtf8(joined.subarray(0, joined.length - next.length)))
      throw new NotUtf8(offset - begun.length + wellFormedLength(joined));
    begun = next;
    offset += chunk.length;
    yield chunk;
  }
  if (begun.length > 0) throw new NotUtf8(offset); // cut inside a character
}

/** What is wrong, with its line: which is counted only now. */
export async function notUtf8Sentence({ offset }: NotUtf8, path: string): Promise<string> {
  let line = 1;
  if (offset > 0)
    for await (const chunk of pieces(path, offset - 1) as AsyncIterable<Buffer>)
      line += count(chunk, LINE_FEED);
  return `Line ${line} is not UTF-8 (byte ${offset} of the file). Save the file as UTF-8 text and upload it again.`;
}

/** Of the longest start that is well-formed, up to inside a character. */
function wellFormedLength(bytes: Buffer): number {
  let fine = 0;
  let wrong = bytes.length;
  while (wrong - fine > 1) {
    const middle = (fine + wrong) >> 1;
    if (isWellFormed(bytes.subarray(0, middle))) fine = middle;
    else wrong = middle;
  }
  return fine;
}

function isWellFormed(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The bytes at the end that begin a character which the next piece goes on with. */
function begunCharacter(bytes: Buffer): Buffer {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length < wanted ? Buffer.from(bytes.subarray(-length)) : Buffer.alloc(0);
    }
  }
  return Buffer.alloc(0);
}

function count(bytes: Buffer, byte: number): number {
  let found = 0;
  for (let index = bytes.indexOf(byte); index !== -1; index = bytes.indexOf(byte, index + 1)) found++;
  return found;
}
