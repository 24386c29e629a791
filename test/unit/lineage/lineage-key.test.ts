import type { Sha256 } from '../../../src/kernel/artifacts/artifact';
import { encodeNodeId, newId } from '../../../src/kernel/ids';
import {
  aliasKey,
  artifactKey,
  datasetVersionKey,
  endpointKey,
  lineageId,
  lineageKeyOf,
  modelVersionKey,
  runKey,
} from '../../../src/lineage/lineage-key';
import { parseStartingPoint, STARTS } from '../../../src/lineage/starting-point';

test('where a thing is a node of its own right, its lineage has the same id', () => {
  const id = newId();
  expect(lineageId(datasetVersionKey(id as never))).toBe(encodeNodeId('dataset_version', id));
  expect(lineageId(runKey(id as never))).toBe(encodeNodeId('run', id));
  expect(lineageId(modelVersionKey(id as never))).toBe(encodeNodeId('model_version', id));
  expect(lineageId(endpointKey(id as never))).toBe(encodeNodeId('endpoint', id));
});

test('every id leads back to its key', () => {
  const id = newId();
  const keys = [
    runKey(id as never),
    artifactKey('0f'.repeat(32) as Sha256),
    aliasKey(id as never, 'a'.repeat(255)),
    endpointKey(id as never),
  ];
  for (const key of keys) expect(lineageKeyOf(lineageId(key))).toBe(key);
});

test.each([
  '',
  'nonsense',
  encodeNodeId('experiment', newId()),
  Buffer.from("run:1' OR '1'='1").toString('base64url'),
  Buffer.from(`run:${newId()}\n`).toString('base64url'),
  'x'.repeat(100_000),
])('%p is no id of a lineage node', (id) => {
  expect(lineageKeyOf(id)).toBeNull();
});

test('a prefix says what a text stands for; without one all are tried, in order', () => {
  expect(parseStartingPoint('model:fraud@1.0.0')).toEqual({ starts: ['model'], name: 'fraud@1.0.0' });
  expect(parseStartingPoint('dataset:')).toEqual({ starts: ['dataset'], name: '' });
  expect(parseStartingPoint('fraud')).toEqual({ starts: STARTS, name: 'fraud' });
  expect(parseStartingPoint('fraud@3')).toEqual({
    starts: ['endpoint', 'dataset', 'model'],
    name: 'fraud@3',
  });
});
