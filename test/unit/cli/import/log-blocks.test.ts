import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { LogReader } from '../../../../src/cli/import/wandb/log-blocks';

const BLOCK = 32_768;
const digest = (bytes: Buffer): string => `${bytes.length}:${crc32(bytes)}`;

/** Writes records as W&B does. */
function logOf(records: readonly Uint8Array[]): Buffer {
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

function read(log: Buffer) {
  const reader = new LogReader();
  const contents: string[] = [];
  const faults: string[] = [];
  for (let at = 0; at < log.length; at += BLOCK) {
    const some = reader.read(log.subarray(at, at + BLOCK));
    contents.push(...some.contents.map((one) => digest(one)));
    faults.push(...some.faults.map(({ kind }) => kind));
  }
  const fault = reader.end();
  if (fault) faults.push(fault.kind);
  return { contents, faults };
}

// Sizes about which a record ends near the end of a block, or goes over several.
const size = fc.oneof(fc.nat(300), fc.integer({ min: BLOCK - 40, max: BLOCK + 10 }), fc.nat(3 * BLOCK));
const records = fc.array(
  fc.tuple(size, fc.nat(255)).map(([length, fill]) => Buffer.alloc(length, fill)),
  { maxLength: 6 },
);
const digests = (list: readonly Buffer[]) => list.map(digest);

test('records of any size come back as they were', () => {
  fc.assert(
    fc.property(records, (list) => {
      expect(read(logOf(list))).toEqual({ contents: digests(list), faults: [] });
    }),
    { numRuns: 60 },
  );
});

test('a log cut at any byte gives the records before the cut, and says that one was torn', () => {
  fc.assert(
    fc.property(records, fc.nat(), (list, place) => {
      const log = logOf(list);
      const cut = 7 + (place % (log.length - 6));
      const { contents } = read(log.subarray(0, cut));
      expect(contents).toEqual(digests(list).slice(0, contents.length));
      if (contents.length < list.length)
        expect(logOf(list.slice(0, contents.length + 1)).length).toBeGreaterThan(cut);
    }),
    { numRuns: 60 },
  );
});

test('with a changed byte no record comes that nobody wrote, the others do, and it is told', () => {
  const list = Array.from({ length: 900 }, (_, index) => Buffer.alloc(50 + (index % 100), index));
  const known = new Set(digests(list));
  const log = logOf(list);
  fc.assert(
    fc.property(fc.integer({ min: 7, max: log.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(log);
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      const { contents, faults } = read(damaged);
      expect(faults.length).toBeGreaterThan(0);
      expect(contents.every((one) => known.has(one))).toBe(true);
      // At most the rest of a block is lost: 32 KiB of 95.
      expect(contents.length).toBeGreaterThan(500);
    }),
    { numRuns: 40 },
  );
});

test('what is no log of W&B’s is told at once', () => {
  expect(read(Buffer.from('something else entirely'))).toEqual({ contents: [], faults: ['no log'] });
});
