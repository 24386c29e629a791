import fc from 'fast-check';
import { frameOf, MAX_FRAME_BYTES, readFrames } from '../../../src/client/spool/frames';

const contents = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 12 });
const fileOf = (parts: readonly Uint8Array[]) =>
  Buffer.concat(parts.map((part) => frameOf(Buffer.from(part))));
const read = (bytes: Buffer) => readFrames(bytes).contents.map(({ content }) => [...content]);

test('a file cut at any byte gives the records before the cut, whole, and says that one was torn', () => {
  fc.assert(
    fc.property(contents, fc.nat(), (parts, place) => {
      const file = fileOf(parts);
      const cut = place % (file.length + 1);
      const { end, rest, contents: found } = readFrames(file.subarray(0, cut));
      const whole = found.length;
      expect(found.map(({ content }) => [...content])).toEqual(
        parts.slice(0, whole).map((part) => [...part]),
      );
      expect(end).toBe(fileOf(parts.slice(0, whole)).length);
      // Not one record fewer than there is room for.
      if (whole < parts.length) expect(fileOf(parts.slice(0, whole + 1)).length).toBeGreaterThan(cut);
      expect(rest).toBe(end === cut ? 'none' : 'incomplete');
    }),
  );
});

test('a file with any one byte changed gives records that were written, up to the change, and no other', () => {
  fc.assert(
    fc.property(contents, fc.nat(), fc.integer({ min: 1, max: 255 }), (parts, place, flip) => {
      const file = fileOf(parts);
      if (file.length === 0) return;
      const at = place % file.length;
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ flip;
      const found = read(changed);
      expect(found).toEqual(parts.slice(0, found.length).map((part) => [...part]));
      expect(readFrames(changed).end).toBeLessThanOrEqual(at);
      expect(readFrames(changed).rest).not.toBe('none');
    }),
  );
});

test('zeros, which a file system may leave where the power failed, are no records', () => {
  const file = Buffer.concat([frameOf(Buffer.from('kept')), Buffer.alloc(64)]);
  expect(readFrames(file)).toMatchObject({ end: 12, rest: 'damaged' });
  expect(read(file)).toHaveLength(1);
});

test.each([0, MAX_FRAME_BYTES + 1])('a frame does not hold %d bytes', (length) => {
  expect(() => frameOf(Buffer.alloc(length))).toThrow(RangeError);
});
