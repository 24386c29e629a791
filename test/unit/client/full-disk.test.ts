import { spawn } from 'node:child_process';
import fs, { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachRun, startRun, type ClientOptions, type Run } from '../../../src/client/client';
import { SegmentWriter } from '../../../src/client/spool/segment';
import { program } from '../../../src/kernel/program';
import { endOf } from '../../support/cli-process';
import { ScriptedServer } from '../../support/scripted-server';

let folder: string;
let server: ScriptedServer;
let heard: { readonly code: string; readonly message: string }[] = [];
/** Called when a run has been asked for. */
let onStart: () => void;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelgraph-client-'));
  heard = [];
  onStart = () => undefined;
  server = await ScriptedServer.start([], ({ runId }) => {
    if (runId === undefined) onStart();
    return null;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const options = (): ClientOptions => ({
  ...{ url: server.url, key: 'secret', spool: folder },
  onWarning: (warning) => heard.push(warning),
  onError: (refusal) => heard.push(refusal),
});
const attached = (more: ClientOptions = {}): Promise<Run> =>
  attachRun({ ...options(), ...more, runId: 'run-1' });
const started = (more: ClientOptions = {}): Promise<Run> =>
  startRun({ ...options(), ...more, capture: false, experiment: 'x' });
const upTo = (count: number) => Array.from({ length: count }, (_, step) => step);

const isFull = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { syscall: 'write' });

/** Files of points beyond this many bytes are too much for it; each that is deleted makes room for another. */
function fullAt(bytes: number): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the writer below
  const append = SegmentWriter.prototype.append;
  jest.spyOn(SegmentWriter.prototype, 'append').mockImplementation(function (this: SegmentWriter, frame) {
    if (this.name.endsWith('.spool') && this.size + frame.length > bytes) throw isFull();
    append.call(this, frame);
  });
}

/** It takes no file any more that is written at once, as a spool's first ones are. */
function takesNoFile(): void {
  const { writeFileSync: write } = fs;
  jest.spyOn(fs, 'writeFileSync').mockImplementation((file, ...rest) => {
    if (String(file).startsWith(folder)) throw isFull();
    write(file, ...rest);
  });
}

test('a full disk takes the rest, and the end of the run, once what it has taken before has been sent', async () => {
  const run = await attached();
  fullAt(60_000);
  for (const step of upTo(6_000)) expect(run.log({ loss: 1 }, { step })).toBe(true);
  expect(await run.finish('FINISHED', { timeoutMs: 60_000 })).toMatchObject({
    ...{ delivered: true, unwrittenPoints: 0 },
  });
  expect(server.steps).toEqual(upTo(6_000));
  expect(server.statuses).toEqual(['FINISHED']);
  expect(new Set(heard.map(({ code }) => code))).toEqual(new Set(['SPOOL_UNWRITABLE']));
});

test('a disk that is full to the end loses points, and that is told', async () => {
  const run = await attached();
  fullAt(0);
  for (const step of upTo(10)) run.log({ loss: 1 }, { step });
  expect(await run.finish('FINISHED', { timeoutMs: 300 })).toMatchObject({
    ...{ delivered: false, pendingBytes: 0, unwrittenPoints: 10 },
  });
  expect(heard).toContainEqual(
    expect.objectContaining({ message: '10 points are lost: the disk has not taken them.' }),
  );
});

test('a process that ends without its run, while the disk takes nothing, tells of what is lost', async () => {
  server.script = ['ok', ...Array.from({ length: 999 }, () => 'silent' as const)];
  const path = program(join(__dirname, '../../support/training-main'));
  // Files have at most 256 blocks of 512 or 1,024 bytes: the beginning of a spool, and some of its points.
  const limited = ['-c', 'ulimit -f 256; exec "$@"', 'sh', process.execPath, path];
  const env = {
    PATH: process.env.PATH,
    MODELGRAPH_URL: server.url,
    MODELGRAPH_KEY: 'secret',
    STEPS: '20000',
  };
  const { err } = await endOf(spawn('sh', limited, { env, cwd: folder }));
  expect(err).toMatch(/^\[SPOOL_UNWRITABLE\] .*: [1-9]\d* points are lost: the disk has not taken them\.$/m);
});

test('a disk that is full at the start is a sentence, before there is a run, and nothing is left behind', async () => {
  takesNoFile();
  await expect(started()).rejects.toMatchObject({ name: 'ClientError', code: 'SPOOL_UNWRITABLE' });
  expect(server.requests).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});

test('a disk that becomes full while a run is started ends the run as failed, and leaves nothing behind', async () => {
  onStart = takesNoFile;
  const message: unknown = expect.stringMatching(/ENOSPC.* run-1 .*has been ended as FAILED\.$/);
  await expect(started()).rejects.toMatchObject({ name: 'ClientError', code: 'SPOOL_UNWRITABLE', message });
  expect(server.statuses).toEqual(['FAILED']);
  expect(readdirSync(folder)).toEqual([]);
});

test('a run that cannot be spooled and cannot be ended is named', async () => {
  onStart = takesNoFile;
  server.script = ['ok', { status: 401, body: { errors: [{ message: 'No.' }] } }];
  await expect(started()).rejects.toThrow(
    /ENOSPC.* run-1 .*is there as RUNNING, .*could not be ended: No\.$/,
  );
});

test('a folder that cannot be made is a sentence, before there is a run', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const spool = join(file, 'spool');
  const refusal = { name: 'ClientError', code: 'SPOOL_UNWRITABLE' };
  await expect(started({ spool })).rejects.toMatchObject(refusal);
  expect(server.requests).toBe(0);
  await expect(attached({ spool })).rejects.toMatchObject(refusal);
});
