import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrialWorker } from '../../../../src/serving/worker/trial-worker';
import { endlessLoop, modelFile } from '../../../support/onnx-models';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('who stops while a process is being started waits for no trial in it', async () => {
  const trials = new TrialWorker({ providers: ['cpu'], intraOpNumThreads: 1, environment: {} });
  const { path } = modelFile(folder, endlessLoop());
  const trial = trials.request({ type: 'inspect', path }, [], 20_000).catch((error: Error) => error.name);
  await new Promise((resolve) => setImmediate(resolve)); // it is being started
  const startedAt = performance.now();
  await trials.stop();
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(await trial).toBe('WorkerUnavailable');
});
