import { WorkerClient } from '../../../../src/serving/fleet/worker-client';
import { WorkerLost } from '../../../../src/serving/fleet/worker-failure';
import type { WorkerToken } from '../../../../src/serving/fleet/worker-token';

test('who comes when the connection is closed hears that the worker is lost, and may be asked elsewhere', async () => {
  const client = new WorkerClient('127.0.0.1:1', 'a-token-of-a-test-only' as WorkerToken);
  client.close();
  const calls = await Promise.allSettled([
    client.run('model', [], { timeoutMs: 1_000 }),
    client.load('model', 1),
    client.unload('model'),
    client.call('gpus', {}, 1_000),
  ]);
  const lost = { status: 'rejected', reason: expect.any(WorkerLost) as WorkerLost };
  expect(calls).toEqual(calls.map(() => lost));
});
