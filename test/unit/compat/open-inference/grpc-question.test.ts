import type { InferRequest } from '../../../../src/compat/open-inference/grpc-infer-request';
import { questionOf } from '../../../../src/compat/open-inference/grpc-question';

const asked = (
  parameters: InferRequest['parameters'],
  metadata: Record<string, string>,
  remainingMs: number,
) => {
  const request = { modelName: 'm', modelVersion: '', id: '', inputs: [], outputs: [], rawInputContents: [] };
  return questionOf({ ...request, parameters }, (name) => metadata[name], remainingMs);
};
const METADATA = { 'x-modelgraph-timeout-ms': '700', 'x-modelgraph-priority': '1' };

test.each([
  ['of the metadata', {}, METADATA, Infinity, { timeoutMs: 700, priority: 'HIGH' }],
  [
    'of the parameters, which go before it',
    { timeout: 900_000, priority: 3 },
    METADATA,
    Infinity,
    { timeoutMs: 900, priority: 'LOW' },
  ],
  ['of the deadline, where it is sooner', {}, METADATA, 300, { timeoutMs: 300 }],
  ['of the metadata, where the deadline is later', {}, METADATA, 800, { timeoutMs: 700 }],
  ['that nobody has given', {}, {}, Infinity, { timeoutMs: null, priority: undefined }],
])('the time-out and the priority %s', (_of, parameters, metadata, remainingMs, question) => {
  expect(asked(parameters, metadata, remainingMs)).toMatchObject({ ok: true, question });
});
