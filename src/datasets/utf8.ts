import type { Readable } from 'node:stream';

/** The bytes are not UTF-8. */
export class NotUtf8 extends Error {
  constructor(
    /** The first wrong byte: 0 is the first of the file. */
    readonly offset: number,
    /** Its line: 1 is the first. */
    readonly line: number,
  ) {
    super(`not UTF-8 at byte ${offset}`);
  }
}

const LINE_FEED = 0x0a;

/** The text of the bytes, piece by piece. Throws `NotUtf8`. */
export async function* decodeUtf8(bytes: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let offset = 0;
  let line = 1;
  let previous = Buffer.alloc(0);
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    const text = decoded(() => decoder.decode(chunk, { stream: true }));
    if (text === null) throw firstWrongByte(previous, chunk, offset, line);
    offset += chunk.length;
    line += count(chunk, LINE_FEED);
    previous = Buffer.from(Buffer.concat([previous, chunk.subarray(-3)]).subarray(-3));
    if (text.length > 0) yield text;
  }
  if (decoded(() => decoder.decode()) === null) throw new NotUtf8(offset, line); // cut inside a character
}

/** The longest start of the chunk that is well-formed ends before the first wrong byte. */
function firstWrongByte(previous: Buffer, chunk: Buffer, offset: number, line: number): NotUtf8 {
  const isFine = (length: number) => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const start = characterStart(previous);
    return (
      decoded(() => decoder.decode(Buffer.concat([start, chunk.subarray(0, length)]), { stream: true })) !==
      null
    );
  };
  let fine = 0;
  let wrong = chunk.length;
  while (wrong - fine > 1) {
    const middle = (fine + wrong) >> 1;
    if (isFine(middle)) fine = middle;
    else wrong = middle;
  }
  return new NotUtf8(offset + fine, line + count(chunk.subarray(0, fine), LINE_FEED));
}

/** The bytes at the end that begin a character which the next chunk goes on with. */
function characterStart(bytes: Buffer): Buffer {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length] ?? 0;
    if (byte < 0x80) return Buffer.alloc(0);
    if (byte >= 0xc0) {
      const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length < wanted ? bytes.subarray(-length) : Buffer.alloc(0);
    }
  }
  return Buffer.alloc(0);
}

function decoded(decode: () => string): string | null {
  try {
    return decode();
  } catch {
    return null;
  }
}

function count(bytes: Buffer, byte: number): number {
  let found = 0;
  for (let index = bytes.indexOf(byte); index !== -1; index = bytes.indexOf(byte, index + 1)) found++;
  return found;
}
