import { crc32 } from 'node:zlib';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { maskedCrc32c } from '../../src/cli/import/tensorboard/crc32c';

/** A field of a message that holds bytes: a message, or a text. */
export const field = (number: number, ...parts: readonly (Uint8Array | string)[]): Uint8Array =>
  new BinaryWriter()
    .tag(number, 2)
    .bytes(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .finish();

/** A record of an event file, as TensorBoard's writers frame it. */
export function tfRecord(content: Uint8Array): Buffer {
  const frame = Buffer.alloc(16 + content.length);
  frame.writeBigUInt64LE(BigInt(content.length));
  frame.writeUInt32LE(maskedCrc32c(frame.subarray(0, 8)), 8);
  frame.set(content, 12);
  frame.writeUInt32LE(maskedCrc32c(content), 12 + content.length);
  return frame;
}

const BLOCK = 32_768;

/** A log of these records, as W&B writes it. */
export function wandbLog(records: readonly Uint8Array[]): Buffer {
  const parts: Buffer[] = [Buffer.from([...Buffer.from(':W&B'), 0xe1, 0xbe, 0])];
  let at = 7;
  for (const record of records) {
    let offset = 0;
    let isFirst = true;
    do {
      let room = BLOCK - (at % BLOCK);
      if (room < 7) {
        parts.push(Buffer.alloc(room));
        at += room;
        room = BLOCK;
      }
      const length = Math.min(room - 7, record.length - offset);
      const isLast = offset + length === record.length;
      const kind = isFirst ? (isLast ? 1 : 2) : isLast ? 4 : 3;
      const piece = Buffer.from(record.subarray(offset, offset + length));
      const head = Buffer.alloc(7);
      head.writeUInt32LE(crc32(piece, crc32(Buffer.of(kind))));
      head.writeUInt16LE(length, 4);
      head[6] = kind;
      parts.push(head, piece);
      at += 7 + length;
      offset += length;
      isFirst = false;
      if (isLast) break;
    } while (offset <= record.length);
  }
  return Buffer.concat(parts);
}
