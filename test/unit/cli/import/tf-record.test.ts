import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { crc32c } from '../../../../src/cli/import/tensorboard/crc32c';
import { recordsIn, scanRecords } from '../../../../src/cli/import/tensorboard/tf-record';
import { tfRecord } from '../../../support/log-files';

const fileOf = (parts: readonly Uint8Array[]) => Buffer.concat(parts.map(tfRecord));
const contents = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });
const lists = (found: readonly Uint8Array[]) => found.map((one) => [...one]);

test('CRC-32C is that of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
});

test('a file cut at any byte gives the records before the cut, and no other', () => {
  fc.assert(
    fc.property(contents, fc.nat(), (parts, place) => {
      const file = fileOf(parts);
      const cut = place % (file.length + 1);
      const { contents: found, faults, end } = scanRecords(file.subarray(0, cut));
      expect(faults).toEqual([]);
      expect(lists(found)).toEqual(lists(parts.slice(0, found.length)));
      if (found.length < parts.length)
        expect(fileOf(parts.slice(0, found.length + 1)).length).toBeGreaterThan(cut);
      expect(end).toBe(fileOf(parts.slice(0, found.length)).length);
    }),
  );
});

test('a changed byte costs its record, or what follows where it is a length, and is told', () => {
  fc.assert(
    fc.property(contents, fc.nat(), fc.integer({ min: 1, max: 255 }), (parts, place, flip) => {
      fc.pre(parts.length > 0);
      const file = fileOf(parts);
      const at = place % file.length;
      file[at] = (file[at] ?? 0) ^ flip;
      const broken = parts.findIndex((_, index) => at < fileOf(parts.slice(0, index + 1)).length);
      const start = fileOf(parts.slice(0, broken)).length;
      const { contents: found, faults } = scanRecords(file);
      const isLength = at - start < 12;
      expect(faults).toEqual([{ kind: isLength ? 'damaged file' : 'damaged record', at: start }]);
      const left = isLength ? parts.slice(0, broken) : parts.filter((_, index) => index !== broken);
      expect(lists(found)).toEqual(lists(left));
    }),
  );
});

test('a file read in pieces of any size is the same, and its end is told where it is cut off', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelgraph-records-'));
  try {
    await fc.assert(
      fc.asyncProperty(
        contents,
        fc.integer({ min: 1, max: 64 }),
        fc.nat(15),
        async (parts, chunk, missing) => {
          const file = join(folder, 'events');
          const bytes = fileOf(parts);
          const cut = parts.length === 0 ? 0 : missing;
          writeFileSync(file, bytes.subarray(0, bytes.length - cut));
          const found: Buffer[] = [];
          const faults: string[] = [];
          for await (const some of recordsIn(file, chunk)) {
            found.push(...some.contents.map((one) => Buffer.from(one)));
            faults.push(...some.faults.map(({ kind }) => kind));
          }
          expect(lists(found)).toEqual(lists(cut === 0 ? parts : parts.slice(0, -1)));
          expect(faults).toEqual(cut === 0 ? [] : ['cut off']);
        },
      ),
      { numRuns: 60 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
