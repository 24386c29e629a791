import { looksSecret, withoutSecrets } from '../../../../src/client/setup/secret-words';
import { looksSecretName, looksSecretValue, secretPlaces } from '../../../../src/tracking/setup/secret-words';

/** The server refuses by the same rules by which the client leaves out. */
test.each([
  'HF_TOKEN',
  'AWS_SECRET_ACCESS_KEY',
  'apiKey',
  'OPENAI_API_KEY',
  'DB_PASSWORD',
  'SSH_PRIVATE_KEY',
  'MODELGRAPH_KEY',
  'SENTRY_DSN',
  '--auth-token',
  'GITHUB_PAT',
  'wandbApiKey',
])('%s names a secret', (name) => {
  expect(looksSecretName(name)).toBe(true);
  expect(looksSecret(name, '')).toBe(true);
});

test.each([
  'TOKENIZERS_PARALLELISM',
  '--max-tokens',
  '--eos-token',
  'pad_token',
  'PWD',
  'OLDPWD',
  'SORT_KEY',
  'keyboard',
  'PATH',
  'author',
  'patience',
  'OMP_NUM_THREADS',
  'monkey_keys',
])('%s does not', (name) => {
  expect(looksSecretName(name)).toBe(false);
  expect(looksSecret(name, '')).toBe(false);
});

test.each([
  ['ghp_abcdefghijklmnopqrstuvwxyz', true],
  ['AKIAABCDEFGHIJKLMNOP', true],
  ['-----BEGIN RSA PRIVATE KEY-----', true],
  ['postgres://ada:pw@host/db', true],
  ['https://example.org/a:b', false],
  ['git@example.org:ml/ml.git', false],
  ['a'.repeat(64), false],
  ['0.1', false],
])('the value %s: %s', (value, isSecret) => {
  expect(looksSecretValue(value)).toBe(isSecret);
  expect(looksSecret('x', value)).toBe(isSecret);
});

test('secrets of a command line are hidden by the client where the server would refuse them', () => {
  const words = [
    'python',
    'x.py',
    '--token',
    's1',
    '--password=s2',
    'db_password=s3',
    '--lr',
    '0.1',
    '--verbose',
  ];
  const url = 'https://ada:s4@example.org';
  expect(secretPlaces([...words, url])).toEqual([3, 4, 5, 9]);
  const hidden = withoutSecrets([...words, url]);
  expect(hidden).toEqual([
    ...['python', 'x.py', '--token', '***', '--password=***', 'db_password=***', '--lr', '0.1', '--verbose'],
    '***',
  ]);
  expect(secretPlaces(hidden)).toEqual([]);
});
