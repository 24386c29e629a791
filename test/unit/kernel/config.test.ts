import { ConfigError, parseConfig } from '../../../src/kernel/config';
import { cores } from '../../../src/kernel/machine';

test('nothing set gives a local server over the embedded database', () => {
  expect(parseConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
    grpcPort: 4001,
    databaseUrl: null,
    onnxProviders: ['cpu'],
  });
});

test('an empty variable counts as absent', () => {
  expect(parseConfig({ PORT: '', DATABASE_URL: ' ' })).toMatchObject({ port: 4000, databaseUrl: null });
});

test('every problem is told at once', () => {
  const wrong = {
    PORT: '70000',
    GRPC_PORT: '-1',
    DATABASE_URL: 'mysql://x',
    ONNX_WORKERS: 'many',
    LOG_LEVEL: 'loud',
    ONNX_PROVIDERS: 'tpu',
  };
  expect(() => parseConfig(wrong)).toThrow(ConfigError);
  try {
    parseConfig(wrong);
  } catch (error) {
    const { problems } = error as ConfigError;
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual(Object.keys(wrong).sort());
  }
});

test('servers share a cache where CACHE_URL says, or else REDIS_URL', () => {
  const REDIS_URL = 'redis://one:6379';
  expect(parseConfig({}).cacheUrl).toBeNull();
  expect(parseConfig({ REDIS_URL }).cacheUrl).toBe(REDIS_URL);
  expect(parseConfig({ REDIS_URL, CACHE_URL: 'dynamodb://answers' }).cacheUrl).toBe('dynamodb://answers');
});

test.each([
  ['REDIS_URL', 'http://user:secret@one'],
  ['CACHE_URL', 'secret'],
])('%s must be a URL of its kind, and is not repeated', (name, value) => {
  expect(() => parseConfig({ [name]: value })).toThrow(
    new RegExp(`^(?!.*secret)(?=.*${name}: expected)`, 's'),
  );
});

test('a message never repeats the database’s password', () => {
  expect(() => parseConfig({ DATABASE_URL: 'mysql://u:secret@h/d' })).toThrow(/^(?!.*secret)/s);
});

test('workers share the cores, and their memory is a number of megabytes or a share of the machine', () => {
  expect(parseConfig({ ONNX_WORKERS: '256' })).toMatchObject({ onnxThreads: 1, onnxWorkerMemoryBytes: null });
  expect(parseConfig({ ONNX_WORKERS: '1' }).onnxThreads).toBe(cores());
  expect(parseConfig({ ONNX_THREADS: '3', ONNX_WORKER_MEMORY_MB: '256' })).toMatchObject({
    onnxThreads: 3,
    onnxWorkerMemoryBytes: 256 * 1024 ** 2,
  });
  expect(() => parseConfig({ ONNX_WORKER_MEMORY_MB: '64' })).toThrow('at least 128');
});
