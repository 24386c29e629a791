import { Listeners } from '../../../src/client/options';
import { PointBuffer } from '../../../src/client/point-buffer';
import type { SpooledPoint, SpoolRecord } from '../../../src/client/spool/record';

/** A spool on a disk that takes nothing while it is full. */
class FullDisk {
  readonly folder = '/spool';
  readonly sizeBytes = 0;
  isFull = true;
  readonly records: SpoolRecord[] = [];

  append(record: SpoolRecord): void {
    if (this.isFull) throw new Error('ENOSPC: no space left on device');
    this.records.push(record);
  }

  get steps(): unknown[] {
    return this.records.flatMap((record): readonly unknown[] =>
      'points' in record ? record.points.map(([, step]) => step) : [record],
    );
  }
}

const point = (step: number): SpooledPoint => ['loss', step, 1, 0];
const codes: string[] = [];
beforeEach(() => (codes.length = 0));
const bufferOn = (disk: FullDisk) =>
  new PointBuffer(disk, 1_000_000, new Listeners({ onWarning: ({ code }) => codes.push(code) }), () => {});

test('while the disk takes nothing, points wait in memory, and are written in order once it does', () => {
  const disk = new FullDisk();
  const buffer = bufferOn(disk);
  for (let step = 0; step < 1_200; step += 1) expect(buffer.add([point(step)])).toBe(true);
  expect(buffer.addRecord({ finish: 'FINISHED' })).toBe(false); // the end must not come before the points
  expect(codes).toEqual(['SPOOL_UNWRITABLE']);
  disk.isFull = false;
  expect(buffer.addRecord({ finish: 'FINISHED' })).toBe(true);
  expect(disk.steps).toEqual([...Array.from({ length: 1_200 }, (_, step) => step), { finish: 'FINISHED' }]);
  buffer.stop();
});

test('memory has a bound: beyond it points are refused, counted, and told once', () => {
  const disk = new FullDisk();
  const buffer = bufferOn(disk);
  const hundred = Array.from({ length: 100 }, (_, step) => point(step));
  let taken = 0;
  for (let call = 0; call < 600; call += 1) if (buffer.add(hundred)) taken += 100;
  expect(taken).toBeLessThanOrEqual(50_000);
  expect(taken).toBeGreaterThan(10_000);
  expect(buffer.refused).toBe(60_000 - taken);
  disk.isFull = false;
  buffer.write();
  expect(disk.steps).toHaveLength(taken);
  expect(buffer.add(hundred)).toBe(true);
  expect(codes).toEqual(['SPOOL_UNWRITABLE', 'SPOOL_FULL', 'SPOOL_ROOM']);
  buffer.stop();
});
