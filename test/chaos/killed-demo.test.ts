import { DemoProcess } from '../support/demo-process';
import { RecordingProxy } from '../support/recording-proxy';
import { ServerProcess } from '../support/server-process';
import { expectStillThere } from '../support/still-there';

/** Lines that the demo prints one after the other; the kill follows on the last. */
const MOMENTS = [
  { moment: 'a version has just been registered', lines: [/registered /] },
  { moment: 'a long training streams its metrics', lines: [/Train for longer/, /live ← epoch/] },
];
const EVERY_KIND = [
  ...['registerDatasetVersion', 'createModel', 'createExperiment', 'startRun', 'logMetrics', 'logArtifact'],
  ...[
    'finishRun',
    'registerModelVersion',
    'promoteModelVersion',
    'rollbackAlias',
    'deployEndpoint',
    'predict',
  ],
];

let folder: string;
let server: ServerProcess;
let proxy: RecordingProxy;
let demo: DemoProcess;
beforeAll(async () => {
  folder = await ServerProcess.newFolder();
  server = await ServerProcess.start(folder);
  proxy = await RecordingProxy.to(server.url);
  await runToTheEnd();
});
afterAll(async () => {
  demo.kill();
  proxy.close();
  await server.kill('SIGTERM');
  await ServerProcess.removeFolder(folder);
});

test('a whole run of the demo is acknowledged, something of every kind', () => {
  const kinds = new Set(proxy.journal.acknowledged().map(({ field }) => field));
  expect([...kinds].sort()).toEqual([...EVERY_KIND].sort());
  expect(proxy.journal.sha256s.size).toBeGreaterThan(0);
});

test.each(MOMENTS)(
  'kill -9 in the middle of a further run, when $moment: all that was acknowledged is there',
  async ({ lines }) => {
    demo = DemoProcess.start({ url: proxy.url, key: server.key });
    const before = proxy.journal.acknowledged().length;
    await demo.printed(...lines);
    await server.kill();
    expect(await demo.exited).toBe(1);
    expect(proxy.journal.acknowledged().length).toBeGreaterThan(before);
    server = await ServerProcess.start(folder);
    proxy.leadTo(server.url);
    await expectStillThere(server, proxy.journal);
  },
);

test('afterwards the demo runs to its end, and nothing from before is lost', async () => {
  await runToTheEnd();
  await expectStillThere(server, proxy.journal);
});

async function runToTheEnd(): Promise<void> {
  demo = DemoProcess.start({ url: proxy.url, key: server.key });
  const code = await demo.exited;
  if (code !== 0) throw new Error(`The demo ended with ${code}:\n${demo.lastLines}`);
}
