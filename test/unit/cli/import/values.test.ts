import fc from 'fast-check';
import { factsThatFit, pointFault } from '../../../../src/cli/import/facts-that-fit';
import { integerIn, objectsIn, parsedObject } from '../../../../src/cli/import/json-fields';
import { metricLine } from '../../../../src/cli/import/mlflow/metric-lines';
import { storePlace } from '../../../../src/cli/import/mlflow/open-store';
import { versionSource } from '../../../../src/cli/import/mlflow/version-source';
import { Tally } from '../../../../src/cli/import/tally';
import { configTexts, namedValues } from '../../../../src/cli/import/wandb/wandb-values';

test('a line of a metric keeps every double and every step of 64 bits', () => {
  fc.assert(
    fc.property(fc.double(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value, step) => {
      const text = Object.is(value, -0)
        ? '-0.0'
        : String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
      const line = metricLine(`1700000000000 ${text} ${step}`);
      expect(Object.is(line?.value, value)).toBe(true);
      expect(BigInt(line?.step ?? 0)).toBe(step);
    }),
  );
  expect(metricLine('1700000000000 0.5')).toMatchObject({ step: 0, value: 0.5 });
  for (const line of ['', 'x 1 2', '1 y 2', '1 2 3.5', '1 0x10 3']) expect(metricLine(line)).toBeNull();
});

test('steps beyond 2^53 in an answer stay exact, and texts that look like them stay texts', () => {
  const text = '{"metrics":[{"step": 9007199254740993, "key": "\\"step\\": 9007199254740993,"}]}';
  const [metric = {}] = objectsIn(parsedObject(text) ?? {}, 'metrics');
  expect(integerIn(metric, 'step')).toBe(9007199254740993n);
  expect(metric.key).toBe('"step": 9007199254740993,');
});

test.each([
  ['runs:/abc/model', { kind: 'run', runId: 'abc', path: 'model' }],
  [`models:/m-${'0'.repeat(32)}`, { kind: 'logged model', modelId: `m-${'0'.repeat(32)}`, path: '' }],
  ['models:/Penguin/3', { kind: 'version', name: 'Penguin', version: '3' }],
  ['file:///a/mlruns/1/abc/artifacts/model', { kind: 'run', runId: 'abc', path: 'model' }],
  ['s3://bucket/1/abc/artifacts/deep/model', { kind: 'run', runId: 'abc', path: 'deep/model' }],
  [
    `mlflow-artifacts:/1/models/m-${'a'.repeat(32)}/artifacts`,
    { kind: 'logged model', modelId: `m-${'a'.repeat(32)}`, path: '' },
  ],
  ['dummy-source', { kind: 'none' }],
  ['/somewhere/model', { kind: 'elsewhere' }],
])('the source %s is understood', (source, expected) => expect(versionSource(source)).toEqual(expected));

test.each([
  [
    'http://user:p%40ss@host:5000/',
    { kind: 'server', url: 'http://host:5000', user: 'user', password: 'p@ss' },
  ],
  ['sqlite:///mlflow.db', { kind: 'database', path: 'mlflow.db' }],
  ['sqlite:////var/mlflow.db', { kind: 'database', path: '/var/mlflow.db' }],
  ['file:///nowhere/mlruns', { kind: 'folder', path: '/nowhere/mlruns' }],
  ['mlruns', { kind: 'folder', path: 'mlruns' }],
])('the address %s is read as MLflow reads it', (uri, expected) => expect(storePlace(uri)).toEqual(expected));

test('values of W&B are taken apart, and media are one value', () => {
  expect(
    namedValues([
      { path: ['loss'], json: '0.5' },
      { path: ['odd'], json: 'NaN' },
      { path: ['text'], json: '"-Infinity"' },
      { path: ['nested'], json: '{"a": 1, "b": {"c": true}}' },
      { path: ['img', '_type'], json: '"image-file"' },
      { path: ['img', 'size'], json: '69' },
      { path: ['table'], json: '{"_type": "table-file", "rows": 3}' },
      { path: ['list'], json: '[1, NaN]' },
    ]),
  ).toEqual([
    { kind: 'media', name: 'img', type: 'image-file' },
    { kind: 'number', name: 'loss', value: 0.5 },
    { kind: 'number', name: 'odd', value: NaN },
    { kind: 'number', name: 'text', value: -Infinity },
    { kind: 'number', name: 'nested.a', value: 1 },
    { kind: 'number', name: 'nested.b.c', value: 1 },
    { kind: 'media', name: 'table', type: 'table-file' },
    { kind: 'other', name: 'list', json: '[1, NaN]' },
  ]);
  expect(
    configTexts({ path: ['opt'], json: '{"name": "adam", "betas": [0.9, 0.99], "deep": {"x": null}}' }),
  ).toEqual([
    { key: 'opt.name', value: 'adam' },
    { key: 'opt.betas', value: '[0.9,0.99]' },
    { key: 'opt.deep.x', value: 'null' },
  ]);
});

test('what the server would refuse is cut or left out, and counted', () => {
  const tally = new Tally();
  const facts = [
    { key: 'long', value: 'x'.repeat(9_000) },
    { key: 'k'.repeat(251), value: '1' },
    { key: '', value: '1' },
    { key: 'modelgraph.imported.key', value: 'of another import' },
    { key: 'nul', value: 'a\0b' },
  ];
  const fitting = factsThatFit('tags', facts, tally, 'here');
  expect(fitting.map(({ key, value }) => [key, value.length])).toEqual([
    ['long', 8_000],
    ['nul', 3],
  ]);
  expect(tally.notImported.map(({ what, count }) => [what, count])).toEqual([
    ['ends of long tags', 1],
    ['tags', 1],
    ['tags', 1],
  ]);
  expect(tally.hasFailures).toBe(false);
  const point = { key: 'loss', step: 1, value: 1, timestampMs: 0 };
  expect(pointFault(point)).toBeNull();
  for (const wrong of [
    { timestampMs: 1e16 },
    { timestampMs: NaN },
    { step: 2n ** 63n },
    { step: 0.5 },
    { key: '' },
  ])
    expect(pointFault({ ...point, ...wrong })).not.toBeNull();
});
