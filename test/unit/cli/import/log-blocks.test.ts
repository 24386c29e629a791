import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { LogReader } from '../../../../src/cli/import/wandb/log-blocks';
import { wandbLog } from '../../../support/log-files';

const BLOCK = 32_768;
const digest = (bytes: Buffer): string => `${bytes.length}:${crc32(bytes)}`;

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
      expect(read(wandbLog(list))).toEqual({ contents: digests(list), faults: [] });
    }),
    { numRuns: 60 },
  );
});

test('a log cut at any byte gives the records before the cut, and says that one was torn', () => {
  fc.assert(
    fc.property(records, fc.nat(), (list, place) => {
      const log = wandbLog(list);
      const cut = 7 + (place % (log.length - 6));
      const { contents } = read(log.subarray(0, cut));
      expect(contents).toEqual(digests(list).slice(0, contents.length));
      if (contents.length < list.length)
        expect(wandbLog(list.slice(0, contents.length + 1)).length).toBeGreaterThan(cut);
    }),
    { numRuns: 60 },
  );
});

test('with a changed byte no record comes that nobody wrote, the others do, and it is told', () => {
  const list = Array.from({ length: 900 }, (_, index) => Buffer.alloc(50 + (index % 100), index));
  const known = new Set(digests(list));
  const log = wandbLog(list);
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
