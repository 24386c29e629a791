import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ArtifactLost, ArtifactTooLarge, type ArtifactStore } from '../../src/kernel/artifacts/artifacts';
import type { Sha256 } from '../../src/kernel/artifacts/artifact';
import { DraftLost } from '../../src/kernel/artifacts/drafts';
import { newId } from '../../src/kernel/ids';

export interface ContractedStore {
  readonly store: ArtifactStore;
  /** Takes bytes away behind the store's back, or puts others in their place. */
  spoil(sha256: Sha256, bytes: Buffer | null): Promise<void>;
  /** Names of what was begun and is neither kept nor given up. */
  unfinished(): Promise<readonly string[]>;
}

const LIMIT = 64 * 1024 ** 2;
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex') as Sha256;

/** Three parts of an upload in parts, in pieces as a network brings them, no two alike. */
const LARGE = Buffer.alloc(20 * 1024 ** 2 + 1);
for (let index = 0; index + 4 <= LARGE.length; index += 4_096) LARGE.writeUInt32LE(index, index);
const pieces = function* (bytes: Buffer, size = 60_000) {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
};
const stream = (bytes: Buffer) => Readable.from(pieces(bytes));

let count = 0;
/** Bytes that no other test has. */
const some = (text = 'some bytes') => Buffer.from(`${text} ${(count += 1)}`);

/** What every store of artifacts does. */
export function describeArtifactStore(name: string, open: () => Promise<ContractedStore>): void {
  describe(name, () => {
    let made: ContractedStore;
    let store: ArtifactStore;
    beforeAll(async () => {
      made = await open();
      ({ store } = made);
    });

    const put = async (bytes: Buffer) => {
      const sha256 = hashOf(bytes);
      await store.write(sha256, stream(bytes), LIMIT);
      return { sha256, sizeBytes: bytes.length };
    };
    const isNowhere = async (sha256: Sha256) => {
      expect(await store.has(sha256)).toBe(false);
      await expect(store.read({ sha256, sizeBytes: 1 })).rejects.toThrow(ArtifactLost);
      await expect(store.lease(sha256)).rejects.toThrow(ArtifactLost);
      expect(await made.unfinished()).toEqual([]);
    };

    test.each([
      ['nothing', Buffer.alloc(0)],
      ['one byte', Buffer.from('x')],
      ['a small file', some()],
      ['exactly one part', LARGE.subarray(0, 8 * 1024 ** 2)],
      ['exactly two parts', LARGE.subarray(0, 16 * 1024 ** 2)],
      ['a large file', LARGE],
    ])('%s comes back as it was, whether its hash was promised or not', async (_, bytes) => {
      for (const expected of [hashOf(bytes), null]) {
        const written = await store.write(expected, stream(bytes), LIMIT);
        expect(written).toEqual({ actual: hashOf(bytes), sizeBytes: bytes.length });
        const back = await buffer(await store.read({ sha256: written.actual, sizeBytes: bytes.length }));
        expect(back.equals(bytes)).toBe(true);
        expect(await store.has(written.actual)).toBe(true);
        await store.remove(written.actual);
        await isNowhere(written.actual);
      }
      expect(await made.unfinished()).toEqual([]);
    });

    test.each([
      ['a small one', some('draft')],
      ['a large one', LARGE],
    ])('a draft comes back as it was until it is removed, and is no artifact: %s', async (_, bytes) => {
      const id = newId<'draft'>();
      const written = { actual: hashOf(bytes), sizeBytes: bytes.length };
      expect(await store.writeDraft(id, stream(bytes), LIMIT)).toEqual(written);
      expect((await buffer(await store.readDraft(id))).equals(bytes)).toBe(true);
      expect(await store.has(written.actual)).toBe(false);
      await store.removeDraft(id);
      await store.removeDraft(id);
      await expect(store.readDraft(id)).rejects.toThrow(DraftLost);
    });

    test('a draft that is too large is not kept', async () => {
      const id = newId<'draft'>();
      await expect(store.writeDraft(id, stream(LARGE), 1_000)).rejects.toThrow(new ArtifactTooLarge(1_000));
      await expect(store.readDraft(id)).rejects.toThrow(DraftLost);
      expect(await made.unfinished()).toEqual([]);
    });

    test.each([
      [0, 0],
      [2, 5],
      [3_000_000, 12_000_000],
      [LARGE.length - 1, LARGE.length - 1],
    ])('bytes %i to %i are read without the rest', async (start, end) => {
      const large = await put(LARGE);
      const part = await buffer(await store.read(large, { start, end }));
      expect(part.equals(LARGE.subarray(start, end + 1))).toBe(true);
    });

    test.each([
      ['a small file', () => some()],
      ['a large file', () => Buffer.concat([LARGE, some()])],
    ])('%s that is not what was promised is not kept, under neither name', async (_, bytesOf) => {
      const [bytes, promised] = [bytesOf(), hashOf(some('promised'))];
      expect(await store.write(promised, stream(bytes), LIMIT)).toEqual({
        ...{ actual: hashOf(bytes), sizeBytes: bytes.length },
      });
      await isNowhere(promised);
      await isNowhere(hashOf(bytes));
    });

    test.each([1_000, 17 * 1024 ** 2])('what has more than %i bytes is refused and not kept', async (max) => {
      const bytes = Buffer.concat([some('too large'), LARGE]);
      for (const expected of [hashOf(bytes), null])
        await expect(store.write(expected, stream(bytes), max)).rejects.toThrow(new ArtifactTooLarge(max));
      await isNowhere(hashOf(bytes));
    });

    test.each([100, 18_000_000])('a sender that breaks off after %i bytes leaves nothing', async (sent) => {
      const bytes = Buffer.concat([some('broken off'), LARGE]);
      const breaking = Readable.from(
        (function* () {
          yield* pieces(bytes.subarray(0, sent));
          throw new Error('the line went dead');
        })(),
      );
      await expect(store.write(hashOf(bytes), breaking, LIMIT)).rejects.toThrow('the line went dead');
      await isNowhere(hashOf(bytes));
    });

    test('ten who send the same at once all succeed', async () => {
      const bytes = Buffer.concat([LARGE.subarray(0, 9_000_000), some()]);
      const sha256 = hashOf(bytes);
      await Promise.all(Array.from({ length: 10 }, () => store.write(sha256, stream(bytes), LIMIT)));
      expect((await buffer(await store.read({ sha256, sizeBytes: bytes.length }))).equals(bytes)).toBe(true);
      expect(await made.unfinished()).toEqual([]);
    });

    test('a reading may be left at any time', async () => {
      const large = await put(LARGE);
      (await store.read(large)).destroy();
      const begun = await store.read(large);
      for await (const piece of begun) {
        expect((piece as Buffer).length).toBeGreaterThan(0);
        break;
      }
      expect(begun.destroyed).toBe(true);
    });

    test('a lease is a file with the bytes, for as many as want it', async () => {
      const bytes = some();
      const { sha256 } = await put(bytes);
      const leases = await Promise.all([store.lease(sha256), store.lease(sha256), store.lease(sha256)]);
      for (const { path } of leases) expect((await readFile(path)).equals(bytes)).toBe(true);
      leases[0]?.release();
      leases[0]?.release();
      expect(await readFile(leases[1]?.path ?? '')).toEqual(bytes);
      for (const { release } of leases) release();
    });

    test.each([
      ['altogether', () => null],
      ['in part', (bytes: Buffer) => bytes.subarray(0, 3)],
    ])(
      'bytes that were lost %s are missed before the first of them, until they are sent again',
      async (_, rest) => {
        const bytes = some();
        const artifact = await put(bytes);
        await made.spoil(artifact.sha256, rest(bytes));
        await expect(store.read(artifact)).rejects.toThrow(ArtifactLost);
        await expect(store.read(artifact, { start: 0, end: 1 })).rejects.toThrow(ArtifactLost);
        await put(bytes);
        expect((await buffer(await store.read(artifact))).equals(bytes)).toBe(true);
      },
    );

    test('what is removed is gone, and may be removed again and come again', async () => {
      const bytes = some();
      const { sha256 } = await put(bytes);
      const lease = await store.lease(sha256);
      lease.release();
      await store.remove(sha256);
      await store.remove(sha256);
      await isNowhere(sha256);
      await put(bytes);
      expect(await store.has(sha256)).toBe(true);
    });

    test('it can be written', () => expect(store.check()).resolves.toBeUndefined());
  });
}
