import { tfServingDoor } from '../../../src/compat/tf-serving/tf-serving';
import { openInferenceDoor } from '../../../src/compat/open-inference/open-inference';
import type { Actor } from '../../../src/kernel/actor';
import { notFound } from '../../../src/kernel/errors';
import { LargeMemory } from '../../../src/kernel/large-memory';
import type { PredictRequest, Serving } from '../../../src/serving/serving';

const signature = {
  columns: [],
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
  batchable: true,
  labels: null,
};
const INPUT = { name: 'x', datatype: 'FP32', shape: [1], data: [1] };

/** What `Serving.predict` is asked where that is posted. */
async function askedBy(path: string, body: object, headers: Record<string, string>): Promise<PredictRequest> {
  const asked: PredictRequest[] = [];
  const serving = {
    targetOf: () => ({ endpoint: 'scores', ref: null, version: { signature } }),
    predict: (_actor: Actor, request: PredictRequest) => {
      asked.push(request);
      return { ok: false, error: notFound('answer', 'here') };
    },
  } as unknown as Serving;
  const door = path.startsWith('/v1')
    ? tfServingDoor({ serving, registry: {} as never })
    : openInferenceDoor({ serving, isReady: () => Promise.resolve(true), memory: new LargeMemory() });
  const request = { method: 'POST', headers, body: Buffer.from(JSON.stringify(body)) };
  const response = { setHeader: () => null, writeHead: () => null, end: () => null };
  await door.route({ request, response, path, search: '' } as never, {} as Actor);
  const [first] = asked;
  if (!first) throw new Error('Nothing was asked.');
  return first;
}

const HEADERS = {
  'x-modelgraph-routing-key': 'k',
  'x-modelgraph-timeout-ms': '250',
  'x-modelgraph-priority': '1',
};
const WISHES = { routingKey: 'k', timeoutMs: 250, priority: 'HIGH' };

test.each([
  ['/v1/models/scores:predict', { instances: [1] }],
  ['/v2/models/scores/infer', { inputs: [INPUT] }],
])('%s takes key, deadline and priority from headers', async (path, body) => {
  expect(await askedBy(path, body, HEADERS)).toMatchObject(WISHES);
});

test('parameters go before headers', async () => {
  const parameters = { routing_key: 'p', timeout: 5_000, priority: 3 };
  expect(await askedBy('/v2/models/scores/infer', { parameters, inputs: [INPUT] }, HEADERS)).toMatchObject({
    ...{ routingKey: 'p', timeoutMs: 5, priority: 'LOW' },
  });
});
