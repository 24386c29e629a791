import { ConfigError, parseConfig } from '../../../src/kernel/config';

test('nothing set gives a local server over the embedded database', () => {
  expect(parseConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
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

test('a message never repeats the database’s password', () => {
  expect(() => parseConfig({ DATABASE_URL: 'mysql://u:secret@h/d' })).toThrow(/^(?!.*secret)/s);
});
