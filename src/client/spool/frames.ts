import { crc32 } from 'node:zlib';

/**
 * Bytes that can be cut anywhere and still be read up to the cut. A frame is the length of what it holds (4 bytes,
 * little-endian), a CRC-32 over that length and what follows (4 bytes), and then so many bytes. The checksum covers the
 * length too: zeros, which some file systems leave behind where the power failed, are no frame.
 */
const HEADER_BYTES = 8;
/** Of what one frame holds, in bytes: 500 points with the longest keys, or 50 params with the longest values. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

export function frameOf(content: Buffer): Buffer {
  if (content.length === 0 || content.length > MAX_FRAME_BYTES)
    throw new RangeError(`A frame holds 1 to ${MAX_FRAME_BYTES} bytes, not ${content.length}.`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(content.length);
  header.writeUInt32LE(checksumOf(header, content), 4);
  return Buffer.concat([header, content]);
}

export interface Frames {
  readonly contents: readonly { readonly content: Buffer; readonly end: number }[];
  /** Bytes of the frames that are whole. */
  readonly end: number;
  /** Why it ended there: nothing follows; a frame follows that is not all there; what follows is no frame. */
  readonly rest: 'none' | 'incomplete' | 'damaged';
}

/** The whole frames at the beginning of the bytes; the contents are views of them. */
export function readFrames(bytes: Buffer): Frames {
  const contents: { content: Buffer; end: number }[] = [];
  let at = 0;
  const ended = (rest: Frames['rest']): Frames => ({ contents, end: at, rest });
  for (;;) {
    if (at === bytes.length) return ended('none');
    if (at + HEADER_BYTES > bytes.length) return ended('incomplete');
    const length = bytes.readUInt32LE(at);
    if (length === 0 || length > MAX_FRAME_BYTES) return ended('damaged');
    const end = at + HEADER_BYTES + length;
    if (end > bytes.length) return ended('incomplete');
    const content = bytes.subarray(at + HEADER_BYTES, end);
    if (bytes.readUInt32LE(at + 4) !== checksumOf(bytes.subarray(at, at + 4), content))
      return ended('damaged');
    contents.push({ content, end });
    at = end;
  }
}

const checksumOf = (header: Buffer, content: Buffer): number => crc32(content, crc32(header.subarray(0, 4)));
