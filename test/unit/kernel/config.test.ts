import { join } from 'node:path';
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
    PUBLIC_URL: 'models.example.org',
    WORKER_PRICE_PER_HOUR: 'cheap',
    WORKER_PRICE_CURRENCY: 'a lot of money',
    GPU_PRICE_PER_HOUR: 'dear',
    REMOTE_PRICE_PER_HOUR: '-1',
  };
  expect(() => parseConfig(wrong)).toThrow(ConfigError);
  try {
    parseConfig(wrong);
  } catch (error) {
    const { problems } = error as ConfigError;
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual(Object.keys(wrong).sort());
  }
});

test('the public address has no slash at its end', () => {
  expect(parseConfig({ PUBLIC_URL: 'https://a.example.org/models/' }).publicUrl).toBe(
    'https://a.example.org/models',
  );
  expect(parseConfig({}).publicUrl).toBeNull();
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

test.each([
  'postgres://user:secret%zz@host/db',
  'postgres://user:secret@host:99999/db',
  'postgres://user:secret#1@host/db',
  'postgres://',
])('%s is a broken address of a database, and is not repeated', (DATABASE_URL) => {
  expect(() => parseConfig({ DATABASE_URL })).toThrow(/DATABASE_URL: expected a URL such as/);
  expect(() => parseConfig({ DATABASE_URL })).not.toThrow(/secret/);
});

test('a database may be behind a socket', () => {
  const DATABASE_URL = 'postgres://user@/db?host=/var/run/postgresql';
  expect(parseConfig({ DATABASE_URL }).databaseUrl).toBe(DATABASE_URL);
});

test.each(['redis://', 'redis://:secret@:x', 'rediss://host:70000'])('%s is no address of a Redis', (url) => {
  expect(() => parseConfig({ REDIS_URL: url })).toThrow(/^(?!.*secret)(?=.*REDIS_URL: expected a URL such)/s);
});

test('a file that is read much later is looked at now; one that is made when it is needed may be absent', () => {
  const folder = __dirname;
  const absent = join(folder, 'absent');
  const made = { ADMIN_KEY_FILE: absent, WEBHOOK_KEY_FILE: absent };
  expect(parseConfig(made)).toMatchObject({ adminKeyFile: absent, webhookKeyFile: absent });
  expect(() => parseConfig({ REMOTE_CREDENTIALS_FILE: absent })).toThrow(
    `REMOTE_CREDENTIALS_FILE: ${absent} cannot be read: there is no such file.`,
  );
  for (const name of ['ADMIN_KEY_FILE', 'WEBHOOK_KEY_FILE', 'REMOTE_CREDENTIALS_FILE'])
    expect(() => parseConfig({ [name]: folder })).toThrow(
      `${name}: ${folder} cannot be read: it is no file.`,
    );
  const worker = { MODELGRAPH_ROLE: 'worker', DATABASE_URL: 'postgres://host/db' };
  expect(parseConfig({ ...worker, REMOTE_CREDENTIALS_FILE: absent }).role).toBe('worker');
});

test('an hour has a price only where one is given; that of a worker is one of an accelerator’s where it has none', () => {
  expect(parseConfig({ WORKER_PRICE_CURRENCY: 'EUR' }).prices).toBeNull();
  const price = { processor: 0.35, accelerator: 0.35, remote: null, currency: null };
  expect(parseConfig({ WORKER_PRICE_PER_HOUR: '0.35' }).prices).toEqual(price);
  const prices = {
    WORKER_PRICE_PER_HOUR: '0.35',
    GPU_PRICE_PER_HOUR: '4',
    REMOTE_PRICE_PER_HOUR: '0',
  };
  expect(parseConfig(prices).prices).toEqual({ ...price, accelerator: 4, remote: 0 });
  expect(parseConfig({ GPU_PRICE_PER_HOUR: '4' }).prices).toMatchObject({
    processor: null,
    accelerator: 4,
  });
  for (const wrong of ['-1', 'NaN', '1e3', '1,5'])
    expect(() => parseConfig({ WORKER_PRICE_PER_HOUR: wrong })).toThrow('such as 0.35');
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

const DATABASE_URL = 'postgres://localhost/modelgraph';

test.each([
  ['grpc://one:5000, grpc://two', { kind: 'static', hosts: ['one:5000', 'two:4001'] }],
  ['grpc://[::1]:5000', { kind: 'static', hosts: ['[::1]:5000'] }],
  ['dns://workers:5000', { kind: 'dns', name: 'workers', port: 5000 }],
  ['dns://workers', { kind: 'dns', name: 'workers', port: 4001 }],
  ['dns://_grpc._tcp.workers', { kind: 'dns', name: '_grpc._tcp.workers', port: null }],
  ['', { kind: 'rows' }],
])('an api process looks for workers at “%s”', (WORKERS, workers) => {
  expect(parseConfig({ MODELGRAPH_ROLE: 'api', DATABASE_URL, WORKERS }).workers).toEqual(workers);
});

test.each([
  ['one:5000', 'expected grpc://host:port'],
  ['grpc://one/path', 'expected grpc://host:port'],
  ['http://one', 'expected grpc://host:port'],
  ['dns://one,dns://two', 'expected grpc://host:port'],
  ['dns://_grpc._tcp.one:4001', 'SRV records carry the port'],
])('“%s” says nowhere to look for workers', (WORKERS, why) => {
  expect(() => parseConfig({ MODELGRAPH_ROLE: 'api', DATABASE_URL, WORKERS })).toThrow(why);
});

test.each([
  [{ MODELGRAPH_ROLE: 'api' }, 'MODELGRAPH_ROLE=api: needs DATABASE_URL'],
  [{ MODELGRAPH_ROLE: 'worker' }, 'MODELGRAPH_ROLE=worker: needs DATABASE_URL'],
  [{ MODELGRAPH_ROLE: 'pipelines', DATABASE_URL }, '“pipelines” is to come'],
  [{ MODELGRAPH_ROLE: 'both', DATABASE_URL }, 'expected one of all, api, worker, got “both”'],
  [{ WORKERS: 'grpc://one' }, 'only MODELGRAPH_ROLE=api has workers elsewhere'],
  [{ WORKER_URL: 'http://one' }, 'WORKER_URL: expected grpc://host:port'],
  [{ WORKER_TOKEN: 'short' }, 'WORKER_TOKEN: expected 20 to 512'],
])('%j is refused', (environment: Record<string, string>, why) => {
  expect(() => parseConfig(environment)).toThrow(why);
});

describe('a bucket', () => {
  const shared = { DATABASE_URL, ADMIN_KEY_FILE: '/keys/admin.key', AWS_REGION: 'eu-central-1' };
  const MODEL_STORE = 's3://models/team/one/';

  test('is named by its URL, and reached as Amazon’s or as another server', () => {
    expect(parseConfig({}).bucket).toBeNull();
    expect(parseConfig({ ...shared, MODEL_STORE }).bucket).toMatchObject({
      ...{
        bucket: 'models',
        prefix: 'team/one/',
        region: 'eu-central-1',
        endpoint: null,
        isPathStyle: false,
      },
    });
    const S3_ENDPOINT = 'http://minio:9000';
    const own = { ...shared, AWS_REGION: '', MODEL_STORE: 's3://models', S3_ENDPOINT };
    expect(parseConfig(own).bucket).toMatchObject({
      ...{ bucket: 'models', prefix: '', region: 'us-east-1', endpoint: S3_ENDPOINT, isPathStyle: true },
    });
    expect(parseConfig({ ...own, S3_PATH_STYLE: 'false' }).bucket).toMatchObject({ isPathStyle: false });
  });

  test('keeps its copies where ARTIFACT_CACHE says', () => {
    const cached = { ...shared, MODEL_STORE, ARTIFACT_CACHE: '/var/cache', ARTIFACT_CACHE_MB: '5' };
    expect(parseConfig(cached).bucket).toMatchObject({
      cacheFolder: '/var/cache',
      cacheBytes: 5 * 1024 ** 2,
    });
  });

  test.each([
    ['all', ['DATABASE_URL', 'ADMIN_KEY_FILE', 'AWS_REGION']],
    ['api', ['DATABASE_URL', 'ADMIN_KEY_FILE', 'AWS_REGION', 'WORKER_TOKEN']],
    ['worker', ['DATABASE_URL', 'AWS_REGION', 'WORKER_TOKEN']],
  ])('in the role %s needs what a folder would have had, and says all of it at once', (role, names) => {
    try {
      parseConfig({ MODEL_STORE, MODELGRAPH_ROLE: role });
      throw new Error('It was taken.');
    } catch (error) {
      const { problems } = error as ConfigError;
      expect(problems).toHaveLength(names.length);
      for (const name of names)
        expect(problems).toContainEqual(expect.stringContaining(`MODEL_STORE=s3://…: needs ${name}`));
    }
  });

  test.each(['s3://', 's3://UPPER', 's3://a', 's3://models/a b', 's3://models/a//b', 's3://models?x=1'])(
    'is not “%s”',
    (store) => {
      expect(() => parseConfig({ ...shared, MODEL_STORE: store })).toThrow('expected s3://bucket');
    },
  );

  test.each([
    [{ MODEL_STORE: 'gs://models' }, 'MODEL_STORE: expected a folder or s3://'],
    [{ ...shared, MODEL_STORE, S3_ENDPOINT: 'minio:9000' }, 'S3_ENDPOINT: expected a URL'],
    [{ ...shared, MODEL_STORE, S3_PATH_STYLE: 'yes' }, 'S3_PATH_STYLE: expected true or false'],
    [{ DATASET_SOURCES: 's3://data' }, 'DATASET_SOURCES: needs AWS_REGION'],
    [
      { DATASET_SOURCES: 'https://data', AWS_REGION: 'x' },
      'DATASET_SOURCES: expected a comma-separated list',
    ],
  ])('is told what is wrong: %j', (environment, words) => {
    expect(() => parseConfig(environment)).toThrow(words);
  });

  test('is named too where data may be read from', () => {
    const { bucket, datasetSources, s3 } = parseConfig({
      ...{ DATASET_SOURCES: 's3://one, s3://two/raw', AWS_REGION: 'eu-west-1' },
    });
    expect(bucket).toBeNull();
    expect(s3).toMatchObject({ region: 'eu-west-1' });
    expect(datasetSources).toEqual([
      { bucket: 'one', prefix: '' },
      { bucket: 'two', prefix: 'raw/' },
    ]);
  });
});
