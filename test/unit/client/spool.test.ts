import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { SpooledPoint, SpoolRecord } from '../../../src/client/spool/record';
import { Spool, type Batch } from '../../../src/client/spool/spool';

const FACTS = { runId: 'run', runName: 'a run', url: 'http://127.0.0.1:1', project: null };
const point = (step: number, key = 'loss'): SpooledPoint => [key, step, 0.5, 1_764_000_000_000];
const record = (...steps: number[]): SpoolRecord => ({ points: steps.map((step) => point(step)) });

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'modelgraph-spool-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const folder = () => join(root, 'one');
const create = () => Spool.create(folder(), FACTS);
const told: string[] = [];
beforeEach(() => (told.length = 0));
const open = () => Spool.open(folder(), (sentence) => told.push(sentence));
const files = () => readdirSync(folder()).filter((name) => name.endsWith('.spool'));
const stepsOf = (batch: Batch | null) =>
  batch && 'points' in batch.content ? batch.content.points.map(([, step]) => step) : [];

/** Everything that is left, in requests that all succeed. */
async function drain(spool: Spool): Promise<unknown[]> {
  const sent: unknown[] = [];
  for (let batch = await spool.next(); batch; batch = await spool.next()) {
    await spool.begin(batch);
    sent.push(...('points' in batch.content ? stepsOf(batch) : [batch.content]));
    spool.complete(batch);
  }
  return sent;
}

/** What a kill leaves: the files as they are. The lock would still be ours here, since this process lives. */
const abandon = () => rmSync(join(folder(), 'lock'));

test('points come out in the order in which they went in, joined; what is no point goes alone, in its place', async () => {
  const spool = create();
  spool.append(record(1, 2));
  spool.append(record(3));
  spool.append({ params: [{ key: 'lr', value: '0.1' }] });
  spool.append(record(4));
  spool.append({ finish: 'FINISHED' });
  expect(stepsOf(await spool.next())).toEqual([1, 2, 3]);
  expect(await drain(spool)).toEqual([
    ...[1, 2, 3],
    { params: [{ key: 'lr', value: '0.1' }] },
    4,
    { finish: 'FINISHED' },
  ]);
  expect(spool.isEmpty).toBe(true);
  await spool.close();
});

test('a spool of which all was sent leaves nothing behind', async () => {
  const spool = create();
  spool.append(record(1));
  await drain(spool);
  await spool.close();
  expect(readdirSync(root)).toEqual([]);
});

test('a request that was begun is the same after a kill, whatever was logged meanwhile, under the same key', async () => {
  const spool = create();
  spool.append(record(1));
  const before = await spool.next();
  await spool.begin(before as Batch);
  spool.append(record(2));
  abandon();
  const after = open();
  const again = await after.next();
  expect(again).toEqual(before);
  after.complete(again as Batch);
  expect(stepsOf(await after.next())).toEqual([2]);
});

test('a request that certainly did not arrive may be made anew with more points', async () => {
  const spool = create();
  spool.append(record(1));
  await spool.begin((await spool.next()) as Batch);
  spool.cancel();
  spool.append(record(2));
  expect(stepsOf(await spool.next())).toEqual([1, 2]);
  abandon();
  expect(stepsOf(await open().next())).toEqual([1, 2]);
});

test('what was acknowledged before a kill is not sent again', async () => {
  const spool = create();
  spool.append(record(1));
  const batch = (await spool.next()) as Batch;
  await spool.begin(batch);
  spool.complete(batch);
  spool.append(record(2));
  abandon();
  expect(await drain(open())).toEqual([2]);
});

test('a file cut at any byte gives a beginning of what was logged, and takes no more', async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.nat(), async (counts, place) => {
      const spool = create();
      const records = counts.map((count, index) =>
        record(...Array.from({ length: count }, (_, at) => index * 10 + at)),
      );
      for (const each of records) spool.append(each);
      abandon();
      const [name = ''] = files();
      const file = join(folder(), name);
      truncateSync(file, place % (readFileSync(file).length + 1));
      const opened = open();
      const steps = await drain(opened);
      const all = records.map((each) => ('points' in each ? each.points.map(([, step]) => step) : []));
      const whole = all.findIndex((_, index) => all.slice(0, index).flat().length === steps.length);
      expect(steps).toEqual(all.slice(0, whole < 0 ? all.length : whole).flat());
      await opened.close();
      rmSync(folder(), { recursive: true, force: true });
    }),
    { numRuns: 60 },
  );
});

test('damage in the middle of a file is told, and what follows it is kept beside, when all else has been sent too', async () => {
  const spool = create();
  for (const step of [1, 2, 3]) spool.append(record(step));
  const [name = ''] = files();
  const file = join(folder(), name);
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 2)] = 0;
  writeFileSync(file, bytes);
  abandon();
  const opened = open();
  expect(await drain(opened)).toEqual([1]);
  await opened.close();
  expect(opened.damagedFiles).toBe(1);
  expect(told).toEqual([expect.stringMatching(/is damaged from byte \d+ on/)]);
  const kept = readFileSync(`${file}.damaged`);
  expect(bytes.subarray(bytes.length - kept.length).equals(kept)).toBe(true);
});

test('files are deleted once they are sent, and one spool has several', async () => {
  const spool = create();
  const long = Array.from({ length: 500 }, (_, step) => point(step, 'k'.repeat(250)));
  for (let count = 0; count < 60; count += 1) spool.append({ points: long });
  expect(files().length).toBeGreaterThan(1);
  expect(await drain(spool)).toHaveLength(30_000);
  expect(files()).toHaveLength(1);
  await spool.close();
  expect(readdirSync(root)).toEqual([]);
});

test('a request has at most a thousand different keys', async () => {
  const spool = create();
  for (let from = 0; from < 3; from += 1)
    spool.append({ points: Array.from({ length: 400 }, (_, index) => point(0, `m${from * 400 + index}`)) });
  expect(stepsOf(await spool.next())).toHaveLength(800);
  expect(await drain(spool)).toHaveLength(1_200);
});

test('two processes do not send one spool; a process that has ended leaves it to the next', () => {
  create();
  expect(() => open()).toThrow(/in use by process \d+/);
  const held = JSON.parse(readFileSync(join(folder(), 'lock'), 'utf8')) as object;
  writeFileSync(join(folder(), 'lock'), JSON.stringify({ ...held, began: 'long ago' })); // its number is another's now
  expect(() => open()).not.toThrow();
});

test('what is put aside is not sent again, and keeps its folder', async () => {
  const spool = create();
  spool.append(record(1));
  const batch = (await spool.next()) as Batch;
  const file = spool.putAside(batch, 'INVALID_INPUT', 'It is wrong.');
  expect(await spool.next()).toBeNull();
  await spool.close();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    ...{ code: 'INVALID_INPUT', message: 'It is wrong.', content: record(1) },
  });
});

test('of many thousand requests, what was done is still known', async () => {
  const spool = create();
  for (let step = 0; step < 2_500; step += 1) {
    spool.append(record(step));
    const batch = (await spool.next()) as Batch;
    await spool.begin(batch);
    spool.complete(batch);
  }
  spool.append(record(9_999));
  expect(readFileSync(join(folder(), 'progress')).length).toBeLessThan(300 * 1024);
  abandon();
  expect(await drain(open())).toEqual([9_999]);
});
