import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { attachRun, resumeSpool, startRun, type ClientOptions, type Run } from '../../../src/client/client';
import { freePort } from '../../support/free-port';
import { ScriptedServer, type Turn } from '../../support/scripted-server';

let folder: string;
let servers: ScriptedServer[] = [];
let heard: { readonly code: string; readonly message: string }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelgraph-client-'));
  servers = [];
  heard = [];
});
afterEach(async () => {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Refusal = Parameters<typeof ScriptedServer.start>[1];
async function start(script: Turn[] = [], refusal?: Refusal): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(script, refusal);
  servers.push(server);
  return server;
}
const options = (): ClientOptions => {
  const ofTest = heard;
  return {
    ...{ key: 'secret', spool: folder },
    onWarning: (warning) => ofTest.push(warning),
    onError: (refusal) => ofTest.push(refusal),
  };
};
/** For servers that never answer: elsewhere a busy machine would be taken for one that is away. */
const IMPATIENT: ClientOptions = { requestTimeoutMs: 300 };
const codes = () => heard.map(({ code }) => code);
/** The script begins with the requests after the one that finds the run. */
const runOn = async (server: ScriptedServer, more: ClientOptions = {}): Promise<Run> => {
  server.script.unshift('ok');
  return attachRun({ url: server.url, ...options(), ...more, runId: 'run-1' });
};
const upTo = (count: number) => Array.from({ length: count }, (_, step) => step);

test('what is logged arrives, in order, in few requests, and nothing is left on the disk', async () => {
  const server = await start();
  const run = await runOn(server);
  for (const step of upTo(2_000)) expect(run.log({ loss: step / 2 }, { step })).toBe(true);
  expect(await run.finish()).toMatchObject({ delivered: true, pendingBytes: 0, refusedPoints: 0 });
  expect(server.steps).toEqual(upTo(2_000));
  expect(server.statuses).toEqual(['FINISHED']);
  expect(server.requests).toBeLessThan(20);
  expect(readdirSync(folder)).toEqual([]);
  expect(heard).toEqual([]);
});

test('whatever way requests fail, every point is there once and in order', async () => {
  const turn = fc.constantFrom<Turn>('ok', 'lost', 'answer-lost', { status: 502 }, { status: 429 });
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { maxLength: 4 }), async (script) => {
      const server = await start([...script]);
      const run = await runOn(server);
      for (const step of upTo(30)) {
        run.log({ loss: 0.5 }, { step });
        if (step % 10 === 0) await run.flush({ timeoutMs: 1 });
      }
      expect(await run.finish('FAILED', { timeoutMs: 60_000 })).toMatchObject({ delivered: true });
      expect(server.steps).toEqual(upTo(30));
      expect(new Set(server.statuses)).toEqual(new Set(['FAILED']));
    }),
    { numRuns: 10, examples: [[['answer-lost', { status: 429 }]]] },
  );
});

test('numbers keep their bits: what JSON cannot write goes as text, steps beyond 2^53 as digits', async () => {
  const server = await start();
  const run = await runOn(server);
  run.log({ a: NaN, b: -0, c: -Infinity, d: 5e-324 }, { step: 2n ** 63n - 1n });
  await run.finish();
  expect(server.points.map(({ value }) => value)).toEqual(['NaN', '-0', '-Infinity', 5e-324]);
  expect(new Set(server.steps)).toEqual(new Set(['9223372036854775807']));
});

test('a server that says when to come back is not asked before', async () => {
  const server = await start([{ status: 503, headers: { 'retry-after': '1' } }]);
  const run = await runOn(server);
  run.log({ loss: 1 });
  await run.finish();
  const [, first = 0, second = 0] = server.times;
  expect(second - first).toBeGreaterThanOrEqual(990);
  expect(codes()).toEqual(['SERVER_AWAY', 'SERVER_BACK']);
});

test('a server that never answers costs a training nothing: log returns at once, and the points arrive later', async () => {
  const server = await start(['silent']);
  const run = await runOn(server, IMPATIENT);
  run.log({ loss: 1 }, { step: 0 });
  const startedAt = performance.now();
  for (const step of upTo(1_000).slice(1)) run.log({ loss: 1 }, { step });
  expect(performance.now() - startedAt).toBeLessThan(30_000); // some milliseconds; with waits it would be minutes
  expect(await run.flush({ timeoutMs: 20 })).toMatchObject({ delivered: false });
  await run.finish();
  expect(server.steps).toEqual(upTo(1_000));
});

test('what the server refuses is told and kept aside, and the rest goes on', async () => {
  const server = await start([], ({ points }) =>
    points?.some(({ key }) => key === 'bad') ? { code: 'INVALID_INPUT' } : null,
  );
  const run = await runOn(server);
  run.log({ good: 1 }, { step: 1 });
  await run.flush();
  run.log({ bad: 1 }, { step: 2 });
  await run.flush();
  run.log({ good: 1 }, { step: 3 });
  const { refusedRequests, delivered, spool } = await run.finish();
  expect({ refusedRequests, delivered }).toEqual({ refusedRequests: 1, delivered: true });
  expect(server.steps).toEqual([1, 3]);
  expect(heard).toMatchObject([{ code: 'INVALID_INPUT', keptIn: join(spool, 'refused.jsonl') }]);
  expect(readFileSync(join(spool, 'refused.jsonl'), 'utf8')).toContain('["bad",2,1,');
});

test('a wrong key keeps everything waiting, is told once, and finish does not wait for a miracle', async () => {
  const denied: Turn = {
    status: 401,
    body: { errors: [{ message: 'No.', extensions: { code: 'UNAUTHENTICATED' } }] },
  };
  const server = await start([denied]);
  const run = await runOn(server);
  run.log({ loss: 1 }, { step: 7 });
  const delivery = await run.finish();
  expect(delivery).toMatchObject({ delivered: false, refusedRequests: 0 });
  expect(delivery.pendingBytes).toBeGreaterThan(0);
  expect(codes()).toEqual(['UNAUTHENTICATED']);
  expect(await resumeSpool(folder, { url: server.url, ...options() })).toMatchObject([
    { sentPoints: 1, pendingBytes: 0, problem: null },
  ]);
  expect(server.steps).toEqual([7]);
  expect(server.statuses).toEqual(['FINISHED']);
  expect(readdirSync(folder)).toEqual([]);
});

test('beyond its limit on the disk points are refused, and the caller is told; what was taken arrives', async () => {
  const server = await start(Array.from({ length: 3 }, () => 'silent' as const));
  const run = await runOn(server, { ...IMPATIENT, maxSpoolBytes: 20_000 });
  let taken = 0;
  for (const step of upTo(5_000)) if (run.log({ loss: 1 }, { step })) taken += 1;
  expect(taken).toBeGreaterThan(100);
  expect(taken).toBeLessThan(5_000);
  expect(codes()).toContain('SPOOL_FULL');
  expect(await run.finish('FINISHED', { timeoutMs: 60_000 })).toMatchObject({
    ...{ delivered: true, refusedPoints: 5_000 - taken },
  });
  expect(server.steps).toEqual(upTo(taken));
});

test('a clock that is set back while a server is away makes nobody wait longer', async () => {
  const server = await start(['silent', 'silent', 'silent']);
  const run = await runOn(server, IMPATIENT);
  run.log({ loss: 1 });
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now');
  let looks = 0;
  clock.mockImplementation(() => ((looks += 1) === 1 ? now : now - 3_600_000));
  try {
    expect(await run.flush({ timeoutMs: 200 })).toMatchObject({ delivered: false });
    const asked = { ...options(), ...IMPATIENT, url: `http://127.0.0.1:${await freePort()}`, capture: false };
    await expect(startRun({ ...asked, experiment: 'x', startTimeoutMs: 200 })).rejects.toThrow('No answer');
  } finally {
    clock.mockRestore();
  }
  expect(await run.finish('FINISHED', { timeoutMs: 60_000 })).toMatchObject({ delivered: true });
});

test('a wait without end is one, and parts of a millisecond are no fault', async () => {
  const server = await start([{ status: 502 }]);
  const run = await runOn(server, { requestTimeoutMs: 30_000.5 });
  run.log({ loss: 1 });
  expect(await run.flush({ timeoutMs: Infinity })).toMatchObject({ delivered: true });
  const endless = { ...options(), requestTimeoutMs: Infinity, startTimeoutMs: Infinity, capture: false };
  const other = await startRun({ ...endless, url: server.url, experiment: 'x' });
  expect(await other.finish('FINISHED', { timeoutMs: Infinity })).toMatchObject({ delivered: true });
  await run.finish();
});

test.each([
  ['a text', { loss: '1' }, {}, /“loss”: expected a number, got string/],
  ['no key', { '': 1 }, {}, /expected a key of 1 to 250 characters/],
  ['a long key', { ['k'.repeat(251)]: 1 }, {}, /got 251/],
  ['a key with NUL', { 'a\0b': 1 }, {}, /U\+0000/],
  ['half a step', { loss: 1 }, { step: 1.5 }, /step: expected a whole number of 64 bits/],
  ['a step that may be another', { loss: 1 }, { step: 2 ** 53 }, /beyond 2\^53 as a bigint/],
  ['a step beyond 64 bits', { loss: 1 }, { step: 2n ** 63n }, /got 9223372036854775808/],
  ['no time', { loss: 1 }, { timestamp: new Date(NaN) }, /timestamp: expected a time/],
])('%s is refused with a sentence, and nothing is thrown', async (_what, metrics, told, sentence) => {
  const server = await start();
  const run = await runOn(server);
  expect(run.log(metrics as Record<string, number>, told)).toBe(false);
  expect(heard).toMatchObject([
    { code: 'INVALID_INPUT', message: expect.stringMatching(sentence) as string },
  ]);
  await run.finish();
  expect(server.points).toEqual([]);
});

test('a run that has been ended here takes nothing more, and its end is sent once', async () => {
  const server = await start();
  const run = await runOn(server);
  const [first, second] = await Promise.all([run.finish(), run.finish('FAILED')]);
  expect(second).toBe(first);
  expect(run.log({ loss: 1 })).toBe(false);
  expect(run.logParams({ lr: 1 })).toBe(false);
  await expect(run.logArtifact('a', Buffer.from('a'))).rejects.toMatchObject({ code: 'RUN_NOT_ACTIVE' });
  expect(server.statuses).toEqual(['FINISHED']);
});

test('listeners that throw disturb nobody', async () => {
  const server = await start(['lost']);
  const run = await runOn(server, {
    onWarning: () => {
      throw new Error('of the caller');
    },
  });
  run.log({ loss: 1 }, { step: 1 });
  expect(await run.finish()).toMatchObject({ delivered: true });
  expect(server.steps).toEqual([1]);
});

test('a start while the server is away is tried, and then refused with a sentence; nothing is left behind', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await expect(startRun({ experiment: 'e', url, ...options(), startTimeoutMs: 300 })).rejects.toMatchObject({
    ...{ code: 'UNREACHABLE', message: expect.stringMatching(/^No answer from http/) as string },
  });
  expect(existsSync(folder) && readdirSync(folder)).toEqual([]);
});

test.each(['damaged', 'gone'])('a spool whose facts are %s is told of, and stays as it is', async (how) => {
  const server = await start(Array.from({ length: 9 }, () => 'silent' as const));
  const run = await runOn(server);
  run.log({ loss: 1 });
  const { spool } = await run.finish('FINISHED', { timeoutMs: 50 });
  if (how === 'gone') rmSync(join(spool, 'spool.json'));
  else writeFileSync(join(spool, 'spool.json'), '');
  const before = readdirSync(spool);
  for (const named of [folder, spool])
    expect(await resumeSpool(named, { url: server.url, ...options() })).toMatchObject([
      { folder: spool, runName: basename(spool), sentPoints: 0, problem: { code: 'CORRUPT' } },
    ]);
  expect(readdirSync(spool)).toEqual(before);
});

test('what is damaged in a spool is told of each time, and kept', async () => {
  const server = await start(Array.from({ length: 9 }, () => 'silent' as const));
  const run = await runOn(server);
  run.log({ loss: 1 }, { step: 1 });
  const { spool } = await run.finish('FINISHED', { timeoutMs: 50 });
  const file = join(spool, readdirSync(spool).find((name) => name.endsWith('.spool')) ?? '');
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] = 0; // of the end of the run
  writeFileSync(file, bytes);
  server.script = [];
  const send = () => resumeSpool(folder, { url: server.url, ...options() });
  expect(await send()).toMatchObject([{ sentPoints: 1, pendingBytes: 0, damagedFiles: 1, problem: null }]);
  expect(codes()).toContain('SPOOL_DAMAGED');
  expect(await send()).toMatchObject([{ sentPoints: 0, pendingBytes: 0, damagedFiles: 1, problem: null }]);
});

test('a spool is not sent to a server that does not know the run', async () => {
  const server = await start(Array.from({ length: 9 }, () => 'silent' as const));
  const run = await runOn(server);
  run.log({ loss: 1 });
  await run.finish('FINISHED', { timeoutMs: 50 });
  const other = await start([{ status: 200, body: { data: { run: null } } }]);
  const [report] = await resumeSpool(folder, { url: other.url, ...options() });
  expect(report).toMatchObject({ sentPoints: 0, problem: { code: 'NOT_FOUND' } });
  expect(report?.pendingBytes).toBeGreaterThan(0);
  expect(other.points).toEqual([]);
});

test('a spool of another server than the usual one is sent only where a person has named it: the key is not for anybody', async () => {
  const server = await start(Array.from({ length: 9 }, () => 'silent' as const));
  const run = await runOn(server);
  run.log({ loss: 1 });
  await run.flush({ timeoutMs: 1 });
  await server.reached(2);
  await run.finish('FINISHED', { timeoutMs: 50 });
  const before = server.requests;
  const [report] = await resumeSpool(folder, options());
  expect(report).toMatchObject({ problem: { code: 'BAD_ADDRESS' } });
  expect(server.requests).toBe(before);
});

test('a request of which nobody has known for a day whether it arrived is put aside, and what follows is sent', async () => {
  const server = await start(Array.from({ length: 9 }, () => 'silent' as const));
  const run = await runOn(server);
  run.log({ loss: 1 }, { step: 1 });
  await run.flush({ timeoutMs: 1 });
  await server.reached(2); // so that the second step is in another request
  run.log({ loss: 1 }, { step: 2 });
  await run.close({ timeoutMs: 1 });
  const other = await start();
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now + 21 * 3_600_000);
  const [report] = await resumeSpool(folder, { url: other.url, ...options() });
  clock.mockRestore();
  expect(report).toMatchObject({ sentPoints: 1, pendingBytes: 0, refusedRequests: 1 });
  expect(other.steps).toEqual([2]);
  expect(codes()).toContain('SPOOL_UNCERTAIN');
  expect(readFileSync(join(report?.folder ?? '', 'refused.jsonl'), 'utf8')).toContain('["loss",1,1,');
});

test('a server that does not know the run any more is told once, and everything waits for one that does', async () => {
  let isKnown = false;
  const server = await start([], () => (isKnown ? null : { code: 'NOT_FOUND' }));
  const run = await runOn(server);
  run.log({ loss: 1 }, { step: 1 });
  expect(await run.flush()).toMatchObject({ delivered: false, refusedRequests: 0 });
  run.log({ loss: 1 }, { step: 2 });
  expect(await run.finish()).toMatchObject({ delivered: false, refusedRequests: 0 });
  expect(codes()).toEqual(['NOT_FOUND']);
  isKnown = true;
  await resumeSpool(folder, { url: server.url, ...options() });
  expect(server.steps).toEqual([1, 2]);
});

test.each<[string, Turn]>([
  ['a page that is not GraphQL’s', { status: 200, body: '<html>' }],
  ['a redirect', { status: 302, headers: { location: '/login' } }],
  ['a path that is not there', { status: 404, body: 'Not found' }],
])('%s is no refusal: everything waits, and a person is told once', async (_what, turn) => {
  const server = await start([turn]);
  const run = await runOn(server);
  run.log({ loss: 1 }, { step: 1 });
  expect(await run.flush()).toMatchObject({ delivered: false, refusedRequests: 0 });
  expect(await run.finish()).toMatchObject({ delivered: false });
  expect(codes()).toEqual(['NOT_GRAPHQL']);
  await resumeSpool(folder, { url: server.url, ...options() });
  expect(server.steps).toEqual([1]);
});

test('no file of a spool has the key', async () => {
  const server = await start(Array.from({ length: 9 }, () => 'silent' as const));
  const run = await runOn(server, { key: 'the-secret-key' });
  run.log({ loss: 1 });
  await run.flush({ timeoutMs: 1 });
  await server.reached(2);
  const { spool } = await run.finish('FINISHED', { timeoutMs: 50 });
  const files = readdirSync(spool);
  expect(files).toEqual(expect.arrayContaining(['progress', 'spool.json']));
  for (const file of files) expect(readFileSync(join(spool, file), 'latin1')).not.toContain('secret');
});

test('hundreds of runs in one process are no reason for a warning', async () => {
  const warnings: unknown[] = [];
  const note = (warning: unknown) => warnings.push(warning);
  process.on('warning', note);
  const server = await start();
  const runs = await Promise.all(Array.from({ length: 30 }, () => runOn(server)));
  runs.forEach((run, step) => run.log({ loss: 1 }, { step }));
  for (const run of runs) expect(await run.finish()).toMatchObject({ delivered: true });
  process.off('warning', note);
  expect(warnings).toEqual([]);
  expect(new Set(server.steps)).toEqual(new Set(upTo(30)));
});
