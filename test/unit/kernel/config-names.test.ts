import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../../src/kernel/config';
import { SETTINGS, unknownNames } from '../../../src/kernel/config-names';

test.each([
  ['MODELGRAPH_PROT', 'PORT'],
  ['MODELGRAPH_PORT', 'PORT'],
  ['MODELGRAPH_WOKERS', 'WORKERS'],
  ['MODELGRAPH_ROEL', 'MODELGRAPH_ROLE'],
  ['MODELGRAPH_DATABASE_URI', 'DATABASE_URL'],
  ['MODELGRAPH_TELEMETRY', null],
  ['CACHE_ULR', 'CACHE_URL'],
  ['DATABSE_URL', 'DATABASE_URL'],
  ['LOG_LEVELL', 'LOG_LEVEL'],
])('%s is told, with what may have been meant', (name, nearest) => {
  expect(unknownNames({ [name]: '5000' })).toEqual([{ name, nearest }]);
  expect(parseConfig({ [name]: '5000' }).unknownNames).toEqual([{ name, nearest }]);
});

test.each([
  ...[
    'MODELGRAPH_URL',
    'MODELGRAPH_KEY',
    'MODELGRAPH_CAPTURE',
    'MODELGRAPH_CONTAINER_IMAGE',
    'MODELGRAPH_FILES',
  ],
  ...['MODELGRAPH_ENDPOINT', 'MODELGRAPH_TEST_ENGINE', 'MODELGRAPH_SOAK_S', 'MODELGRAPH_SWIFTSHADER'],
  ...['MODELGRAPH_SERVICE_HOST', 'MODELGRAPH_SERVICE_PORT_HTTP', 'MODELGRAPH_PORT_4000_TCP_ADDR'],
  ...['HOSTS', 'PORTS', 'PATH', 'REDIS_URI', 'LOG_LEVEL_DEBUG', 'PUBLIC_PORT', 'PGPASSWORD', 'AWS_PROFILE'],
])('%s is another program’s', (name) => {
  expect(unknownNames({ [name]: 'x' })).toEqual([]);
});

test('the address of a service of our name, as Kubernetes tells it, is no setting', () => {
  expect(unknownNames({ MODELGRAPH_PORT: 'tcp://10.0.0.7:4000' })).toEqual([]);
});

test('the names are those of the README', () => {
  const readme = readFileSync(join(__dirname, '../../../README.md'), 'utf8');
  const [, configuration = ''] = readme.split('\n## Configuration\n');
  const [table = ''] = configuration.split('\n## ');
  const listed = [...table.matchAll(/^\| `([A-Z0-9_]+)` /gm)].map(([, name]) => name);
  expect([...SETTINGS].sort()).toEqual(listed.sort());
});

/** What Amazon's programs read under names of their own, and what only the workers' runtimes do. */
const OF_OTHERS = /^(AWS_|LD_|CUDA_|NVIDIA_|VK_|TMPDIR$|PATH$)/;

test('every variable that is read is among them', () => {
  const read = new Set<string>();
  const recording = (environment: Record<string, string>) =>
    new Proxy(environment, {
      get: (all, name) => {
        read.add(String(name));
        return all[String(name)];
      },
    });
  const bucket = {
    MODEL_STORE: 's3://models/a',
    AWS_REGION: 'eu-central-1',
    DATABASE_URL: 'postgres://db/a',
  };
  parseConfig(recording({}));
  parseConfig(recording({ ...bucket, WORKER_TOKEN: 'x'.repeat(20), MODELGRAPH_ROLE: 'worker' }));
  const ours = [...read].filter((name) => !OF_OTHERS.test(name) || name === 'AWS_REGION');
  expect(ours.sort()).toEqual([...SETTINGS].sort());
});
