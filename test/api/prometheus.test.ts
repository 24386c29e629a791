import type { ApiClient } from '../support/api-client';
import { readMetrics, scrape, type MetricLine } from '../support/metrics-client';
import { affine } from '../support/onnx-models';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient } from '../support/registry-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const NAMES = Array.from({ length: 30 }, (_, index) => `f${index}`);
const X = { name: 'x', datatype: 'FP32', shape: [1, 30], data: NAMES.map((_, index) => index) };

let server: TestServer;
let other: ApiClient;
beforeAll(async () => {
  server = await startTestServer({ WORKER_PRICE_PER_HOUR: '3.6', WORKER_PRICE_CURRENCY: 'EUR' });
  other = await server.as('deployer', 'other');
  for (const api of [server, other]) {
    await new RegistryClient(api).version('affine', affine(), { columns: [{ input: 'x', names: NAMES }] });
    await deployEndpoint(api, 'seen', [{ ref: 'affine@1.0.0', weight: 1 }], undefined, {
      cacheTtlMs: 60_000,
    });
  }
  for (const by of [1, 2, 3])
    expect(await predict(server, { endpoint: 'seen', inputs: [scaled(by)] })).toMatchObject({
      cached: false,
    });
  expect(await predict(server, { endpoint: 'seen', inputs: [scaled(1)] })).toMatchObject({ cached: true });
  await predict(server, { endpoint: 'seen', inputs: [{ ...X, shape: [1, 29], data: X.data.slice(1) }] });
  expect((await new OpenInferenceClient(server).infer('seen', { inputs: [scaled(9)] })).status).toBe(200);
  await predict(server, { ref: 'affine@1.0.0', inputs: [X] });
  await predict(other, { endpoint: 'seen', inputs: [X] });
  await untilClosed();
});

/** Until the second is over in which all this was answered: what is recent is told of closed ones. */
async function untilClosed(): Promise<void> {
  const recent = { project: 'other', quantile: '0.5', stage: 'total' };
  while (found(await scrape(server), 'modelgraph_prediction_duration_recent_seconds', recent).length === 0);
}
afterAll(() => server.stop());

const scaled = (by: number) => ({ ...X, data: X.data.map((value) => value * by) });
const found = (lines: readonly MetricLine[], name: string, labels: object = {}) =>
  lines.filter(
    (line) =>
      line.name === name && Object.entries(labels).every(([key, value]) => line.labels[key] === value),
  );
const value = (lines: readonly MetricLine[], name: string, labels: object = {}) => {
  const [line, ...more] = found(lines, name, labels);
  expect([name, more.length]).toEqual([name, 0]);
  return line?.value;
};

test('predictions are told by endpoint, variant, version and door', async () => {
  const lines = await scrape(server);
  const ours = {
    project: 'default',
    endpoint: 'seen',
    variant: 'affine',
    version: 'affine@1.0.0',
    shadow: 'false',
  };
  const variant = found(lines, 'modelgraph_predictions_total', { project: 'default' })[0]?.labels.variant;
  const labels = { ...ours, variant };
  expect(value(lines, 'modelgraph_predictions_total', { ...labels, door: 'graphql' })).toBe(5);
  expect(value(lines, 'modelgraph_predictions_total', { ...labels, door: 'open-inference-http' })).toBe(1);
  expect(value(lines, 'modelgraph_predictions_cached_total', { ...labels, door: 'graphql' })).toBe(1);
  expect(value(lines, 'modelgraph_prediction_failures_total', labels)).toBe(1);
  expect(found(lines, 'modelgraph_prediction_failures_total')[0]?.labels.reason).toBe('invalid-input');
  expect(found(lines, 'modelgraph_prediction_info', labels)[0]?.labels).toMatchObject({
    ...{ backend: 'onnx', provider: 'cpu' },
  });
});

test('every stage has its histogram, whose buckets add up', async () => {
  const lines = await scrape(server);
  for (const [stage, count] of Object.entries({ parse: 4, queue: 3, compute: 3, encode: 4, total: 4 })) {
    const labels = { project: 'default', endpoint: 'seen', door: 'graphql', stage };
    expect(value(lines, 'modelgraph_prediction_duration_seconds_count', labels)).toBe(count);
    expect(value(lines, 'modelgraph_prediction_duration_seconds_sum', labels)).toBeGreaterThan(0);
    const buckets = found(lines, 'modelgraph_prediction_duration_seconds_bucket', labels).map(
      (line) => line.value,
    );
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    expect(buckets.at(-1)).toBe(count);
    const recent = found(lines, 'modelgraph_prediction_duration_recent_seconds', labels);
    expect(recent.map((line) => line.labels.quantile)).toEqual(['0.5', '0.9', '0.95', '0.99', '0.999']);
  }
  const batch = { project: 'default', endpoint: 'seen', door: 'graphql' };
  expect(value(lines, 'modelgraph_prediction_batch_rows_bucket', { ...batch, le: '1' })).toBe(3);
});

test('so are those by reference, which have no endpoint', async () => {
  const lines = await scrape(server);
  const labels = { project: 'default', endpoint: '', version: 'affine@1.0.0', door: 'graphql' };
  expect(value(lines, 'modelgraph_predictions_total', labels)).toBe(1);
  for (const stage of ['parse', 'queue', 'compute', 'encode', 'total'])
    expect(value(lines, 'modelgraph_prediction_duration_seconds_count', { ...labels, stage })).toBe(1);
  const recent = { ...labels, stage: 'total', quantile: '0.999' };
  expect(value(lines, 'modelgraph_prediction_duration_recent_seconds', recent)).toBeGreaterThan(0);
  expect(value(lines, 'modelgraph_prediction_cost_total', { ...labels, kind: 'busy' })).toBeGreaterThan(0);
});

test('batches are told by why they went off, for each variant', async () => {
  const lines = await scrape(server);
  const name = 'modelgraph_prediction_batches_closed_total';
  const labels = { project: 'default', endpoint: 'seen', door: 'graphql' };
  const reasons = found(lines, name, labels).map((line) => [line.labels.reason, line.value]);
  expect(Object.fromEntries(reasons)).toEqual({
    ...{ idle: 3, full: 0, delay: 0, objective: 0, deadline: 0, alone: 0 },
  });
  const all = found(lines, name).reduce((sum, line) => sum + line.value, 0);
  expect(all).toBe(value(lines, 'modelgraph_batches_total'));
});

test('Triton’s names tell of models, references too, in its units', async () => {
  const lines = await scrape(server);
  const labels = { project: 'default', model: 'affine', version: '1' };
  const stats = await new OpenInferenceClient(server).get('/models/seen/stats');
  const [told] = stats.json.model_stats ?? [];
  expect(value(lines, 'nv_inference_request_success', labels)).toBe(told?.inference_stats.success.count);
  expect(value(lines, 'nv_inference_count', labels)).toBe(5);
  expect(value(lines, 'nv_inference_exec_count', labels)).toBe(told?.execution_count);
  expect(value(lines, 'nv_inference_request_failure', { ...labels, reason: 'OTHER' })).toBe(1);
  expect(value(lines, 'nv_inference_request_failure', { ...labels, reason: 'REJECTED' })).toBe(0);
  expect(value(lines, 'nv_inference_pending_request_count', labels)).toBe(0);
  expect(value(lines, 'nv_cache_num_hits_per_model', labels)).toBe(1);
  const us = Math.round((told?.inference_stats.compute_infer.ns ?? NaN) / 1_000);
  expect(value(lines, 'nv_inference_compute_infer_duration_us', labels)).toBe(us);
  expect(value(lines, 'nv_inference_request_summary_us_count', labels)).toBe(6);
  expect(value(lines, 'nv_inference_request_summary_us', { ...labels, quantile: '0.999' })).toBeGreaterThan(
    0,
  );
});

test('an admin sees the process too: workers, batches, cache, event loop, database, and what it all costs', async () => {
  const lines = await scrape(server);
  expect(found(lines, 'modelgraph_worker_state').map((line) => line.value)).toContain(1);
  expect(value(lines, 'modelgraph_worker_provider', { provider: 'cpu' })).toBe(1);
  expect(value(lines, 'modelgraph_worker_restarts_total')).toBe(0);
  expect(value(lines, 'modelgraph_worker_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value(lines, 'modelgraph_batch_rows_total')).toBeGreaterThanOrEqual(6);
  expect(value(lines, 'modelgraph_cache_hits_total', { project: 'default', endpoint: 'seen' })).toBe(1);
  expect(value(lines, 'modelgraph_event_loop_active_seconds_total')).toBeGreaterThan(0);
  expect(value(lines, 'modelgraph_database_up')).toBe(1);
  expect(value(lines, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
  const labels = { project: 'default', endpoint: 'seen', door: 'graphql', currency: 'EUR' };
  const busy = value(lines, 'modelgraph_prediction_cost_per_thousand', { ...labels, kind: 'busy' }) ?? NaN;
  expect(busy).toBeGreaterThan(0);
  expect(
    value(lines, 'modelgraph_prediction_cost_per_thousand', { ...labels, kind: 'full' }),
  ).toBeGreaterThan(busy);
});

test('any other key sees its own project, and nothing of the process', async () => {
  const lines = await scrape(other);
  expect(new Set(lines.map((line) => line.labels.project))).toEqual(new Set(['other']));
  expect(value(lines, 'modelgraph_predictions_total')).toBe(1);
  expect(value(lines, 'nv_inference_request_success', { model: 'affine' })).toBe(1);
  const all = await scrape(server);
  expect(new Set(all.map((line) => line.labels.project))).toEqual(new Set(['default', 'other', undefined]));
});

test('nobody reads it without a key, and nobody writes it', async () => {
  expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
  const guest = await server.as('guest');
  expect((await fetch(`${server.url}/metrics`, { headers: guest.headers })).status).toBe(403);
  const posted = await fetch(`${server.url}/metrics`, { method: 'POST', headers: server.headers });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const head = await fetch(`${server.url}/metrics`, { method: 'HEAD', headers: server.headers });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('Prometheus gets the text that it asks for first', async () => {
  const asked = async (accept?: string) => {
    const headers = { ...server.headers, ...(accept && { accept }) };
    const response = await fetch(`${server.url}/metrics`, { headers });
    return { type: response.headers.get('content-type'), text: await response.text() };
  };
  const plain = await asked();
  expect(plain.type).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(readMetrics(plain.text).length).toBeGreaterThan(100);
  const open = await asked('application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3');
  expect(open.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(open.text).toMatch(/\n# EOF\n$/);
});
