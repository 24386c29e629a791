import { callOf } from '../../../../src/compat/open-inference/call';

test.each([
  ['GET', '/v2', { kind: 'server' }],
  ['GET', '/v2/', { kind: 'server' }],
  ['HEAD', '/v2/health/live', { kind: 'live' }],
  ['GET', '/v2/health/ready', { kind: 'server-ready' }],
  ['GET', '/v2/models/fraud', { kind: 'metadata', model: 'fraud', version: null }],
  ['GET', '/v2/models/fraud/', { kind: 'metadata', model: 'fraud', version: null }],
  ['GET', '/v2/models/fraud/versions/2', { kind: 'metadata', model: 'fraud', version: '2' }],
  ['GET', '/v2/models/fraud/versions/1.2.0/ready', { kind: 'ready', model: 'fraud', version: '1.2.0' }],
  ['GET', '/v2/models/fraud/config', { kind: 'config', model: 'fraud', version: null }],
  ['POST', '/v2/models/versions/versions/1/infer', { kind: 'infer', model: 'versions', version: '1' }],
  ['GET', '/v2/models/stats', { kind: 'all-stats' }],
  ['GET', '/v2/models/stats/stats', { kind: 'stats', model: 'stats', version: null }],
  ['POST', '/v2/models/two%20words%40production/infer', { kind: 'infer', model: 'two words@production' }],
  ['POST', '/v2/models/a%2Fb/infer', { kind: 'infer', model: 'a/b' }],
  ['POST', '/v2/repository/index', { kind: 'index' }],
  ['POST', '/v2/repository/models/m/load', { kind: 'load', model: 'm' }],
  ['POST', '/v2/repository/models/m/unload', { kind: 'unload', model: 'm' }],
])('%s %s', (method, path, call) => {
  expect(callOf(method, path)).toMatchObject(call);
});

test.each([
  ['GET', '/v2/models', 404],
  ['GET', '/v2/models/', 404],
  ['GET', '/v2/models//ready', 404],
  ['GET', '/v2/models/m/versions', 404],
  ['GET', '/v2/models/m/versions/', 404],
  ['POST', '/v2/models/m/infer/more', 404],
  ['GET', '/v2/models/m/generate', 404],
  ['GET', '/v2/health', 404],
  ['GET', '/v2/health/live/more', 404],
  ['POST', '/v2/repository/models/m', 404],
  ['POST', '/v2/repository/models/m/load/more', 404],
  ['POST', '/v2/repository/one/two/index', 404],
  ['POST', '/v2/repository/theirs/index', 400],
  ['POST', '/v2/repository/theirs/models/m/load', 400],
  ['GET', '/v2/systemsharedmemory/status', 501],
  ['DELETE', '/v2/cudasharedmemory', 501],
  ['GET', '/v2/models/m/trace/setting', 501],
  ['GET', '/v2/models/m/trace', 404],
  ['GET', '/v2/login', 404],
  ['GET', '/v2/models/m/infer', 405],
  ['PUT', '/v2/models/m', 405],
  ['GET', '/v2/repository/index', 405],
  ['GET', '/v2/models/%', 400],
  ['GET', '/v2/models/%ff', 400],
])('%s %s is refused with %d', (method, path, status) => {
  expect(callOf(method, path)).toMatchObject({ status });
});
