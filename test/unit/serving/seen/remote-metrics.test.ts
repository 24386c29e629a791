import { remoteMetrics } from '../../../../src/serving/seen/remote-metrics';

const triton = { backend: 'open-inference', origin: 'grpc://triton:8001' } as const;

test('connections with different credentials to one server are told as one', () => {
  const told = remoteMetrics(
    [
      { ...triton, requests: 3, failures: { timeout: 1 }, inFlight: 1, maxInFlight: 8 },
      { ...triton, requests: 2, failures: { timeout: 1, broken: 1 }, inFlight: 0, maxInFlight: 4 },
    ],
    [],
  );
  const samples = told.flatMap(({ name, samples }) =>
    samples.map(({ labels: { reason, state }, value }) => [name, reason ?? state ?? null, value]),
  );
  expect(samples).toEqual([
    ['modelgraph_remote_requests_total', null, 5],
    ['modelgraph_remote_failures_total', 'timeout', 2],
    ['modelgraph_remote_failures_total', 'broken', 1],
    ['modelgraph_remote_in_flight', null, 1],
    ['modelgraph_remote_max_in_flight', null, 12],
    ...['READY', 'DOWN', 'ON_TRIAL', 'UNKNOWN'].map((state) => ['modelgraph_remote_models', state, 0]),
  ]);
});
