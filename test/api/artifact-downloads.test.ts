import { createHash, randomBytes } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadTo } from '../../src/cli/artifact-download';
import { BreakingProxy } from '../support/breaking-proxy';
import { runCli } from '../support/cli-process';
import { startTestServer, type TestServer } from '../support/test-server';
import { TrackingClient } from '../support/tracking-client';

const BYTES = randomBytes(1_000_000);
const SHA256 = createHash('sha256').update(BYTES).digest('hex');
const ARTIFACT = { path: 'model/weights.bin', sha256: SHA256, sizeBytes: BYTES.length };
const PART = `weights.bin.${SHA256.slice(0, 16)}.part`;

let server: TestServer;
let proxy: BreakingProxy;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  await server.upload(BYTES);
});
afterAll(() => server.stop());
beforeEach(async () => {
  proxy = await BreakingProxy.to(server.url);
  folder = mkdtempSync(join(tmpdir(), 'modelgraph-download-'));
});
afterEach(() => {
  proxy.close();
  rmSync(folder, { recursive: true, force: true });
});

/** @param timeoutMs 0: one try */
const download = (timeoutMs = 0, artifact = ARTIFACT) =>
  downloadTo(
    { url: proxy.url, key: server.key, project: null },
    artifact,
    join(folder, 'weights.bin'),
    timeoutMs,
  );
const files = () => readdirSync(folder);
const partSize = () => statSync(join(folder, PART)).size;
const isWhole = () => readFileSync(join(folder, 'weights.bin')).equals(BYTES);

test('a download that breaks goes on at the byte where it broke', async () => {
  proxy.breaks = [{ after: 300_000 }, 'refused', { after: 300_000 }];
  await download(30_000);
  expect(isWhole()).toBe(true);
  expect(files()).toEqual(['weights.bin']);
  expect(proxy.ranges).toHaveLength(4);
  expect(proxy.ranges[0]).toBeUndefined();
  expect(proxy.ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
  expect(proxy.ranges[2]).toBe(proxy.ranges[1]);
  expect(proxy.ranges[3]).not.toBe(proxy.ranges[1]);
});

test('what has come stays for the next call, which asks for the rest only', async () => {
  proxy.breaks = [{ after: 300_000 }];
  await expect(download()).rejects.toThrow(/\d+ of 1000000 bytes are in .*\.part: the same command goes on/);
  expect(files()).toEqual([PART]);
  const size = partSize();
  expect(size).toBeGreaterThan(0);
  await download();
  expect(proxy.ranges).toEqual([undefined, `bytes=${size}-`]);
  expect(isWhole()).toBe(true);
  expect(files()).toEqual(['weights.bin']);
});

test('a beginning that is not this file’s is found out, and goes', async () => {
  writeFileSync(join(folder, PART), Buffer.alloc(500_000));
  await expect(download()).rejects.toThrow(/hash to [0-9a-f]{64}, not to/);
  expect(files()).toEqual([]);
  await download();
  expect(isWhole()).toBe(true);
});

test('bytes that were forged on the way are not kept', async () => {
  proxy.breaks = [{ after: 300_000 }, 'forged'];
  await expect(download(30_000)).rejects.toThrow(/hash to/);
  expect(files()).toEqual([]);
});

test('a part that is all there needs nobody; one that is longer begins again', async () => {
  writeFileSync(join(folder, PART), BYTES);
  await download();
  expect(proxy.ranges).toEqual([]);
  expect(isWhole()).toBe(true);
  writeFileSync(join(folder, PART), Buffer.concat([BYTES, BYTES]));
  await download();
  expect(proxy.ranges).toEqual([undefined]);
  expect(isWhole()).toBe(true);
});

test('a server that sends all of it again is heard from the beginning', async () => {
  proxy.breaks = [{ after: 300_000 }, 'whole'];
  await download(30_000);
  expect(isWhole()).toBe(true);
});

test('more bytes than the file has end it, and nothing is kept', async () => {
  await expect(download(0, { ...ARTIFACT, sizeBytes: 10 })).rejects.toThrow(/More than the 10 bytes/);
  expect(files()).toEqual([]);
});

test('a refusal is not tried again, and leaves nothing behind', async () => {
  const other = { ...ARTIFACT, sha256: '1'.repeat(64) };
  await expect(download(30_000, other)).rejects.toThrow(/answered 404/);
  expect(proxy.ranges).toHaveLength(1);
  expect(files()).toEqual([]);
});

test('a link that lies where the part would be is not followed', async () => {
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'mine');
  symlinkSync(victim, join(folder, PART));
  await expect(download()).rejects.toThrow(/cannot be written/);
  expect(readFileSync(victim, 'utf8')).toBe('mine');
});

test('an empty file is one', async () => {
  const sha256 = await server.upload('');
  await download(0, { ...ARTIFACT, sha256, sizeBytes: 0 });
  expect(statSync(join(folder, 'weights.bin')).size).toBe(0);
});

test('the command line does the same', async () => {
  const tracking = new TrackingClient(server);
  const runId = await tracking.newRun();
  await tracking.logArtifact({ runId, path: ARTIFACT.path, artifact: { sha256: SHA256 } });
  const get = (timeout: string) =>
    runCli(
      ['artifact', 'get', runId, ARTIFACT.path, '--timeout', timeout],
      { MODELGRAPH_URL: proxy.url, MODELGRAPH_KEY: server.key },
      { cwd: folder },
    );
  proxy.breaks = [{ after: 300_000 }];
  expect(await get('0')).toMatchObject({ code: 3, err: expect.stringMatching(/goes on from there/) });
  expect(await get('30s')).toMatchObject({ code: 0, out: 'weights.bin\n' });
  expect(isWhole()).toBe(true);
});
