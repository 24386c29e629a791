import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttributeProto_AttributeType } from '../../../../src/kernel/generated/onnx_pb';
import type { Datatype } from '../../../../src/kernel/tensors/tensor';
import type { ColumnPlace } from '../../../../src/registry/registry';
import { OnnxBackend } from '../../../../src/serving/backends/onnx';
import { WorkerPool } from '../../../../src/serving/worker/worker-pool';
import {
  affine,
  crashingOnMissing,
  endlessOnMissing,
  floats,
  identity,
  model,
  modelFile,
  ONNX_TYPE,
  value,
} from '../../../support/onnx-models';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
const workerOptions = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };
// Nothing of this may need, or harm, a worker that serves: there is none.
const noPool = new WorkerPool({ ...workerOptions, workers: 0 });
const backend = new OnnxBackend(noPool, workerOptions);
const impatient = new OnnxBackend(noPool, { ...workerOptions, missingLimitMs: 500 });

afterAll(async () => {
  await Promise.all([backend.stop(), impatient.stop()]);
  rmSync(folder, { recursive: true });
});

const columnsOf = (input: string, count: number, datatype: Datatype = 'FP32'): ColumnPlace[] =>
  Array.from({ length: count }, (_, index) => ({ name: `${input}${index}`, input, index, datatype }));
const column = (input: string, datatype: Datatype): ColumnPlace => ({
  name: input,
  input,
  index: null,
  datatype,
});
const toFloat = { name: 'to', type: AttributeProto_AttributeType.INT, i: BigInt(ONNX_TYPE.FP32) };

/** y = (age, or 40 where it is missing) + mass + count. */
const imputed = (): Uint8Array =>
  model({
    node: [
      { opType: 'IsNaN', input: ['age'], output: ['gone'] },
      { opType: 'Where', input: ['gone', 'mean', 'age'], output: ['known'] },
      { opType: 'Cast', input: ['count'], output: ['counted'], attribute: [toFloat] },
      { opType: 'Sum', input: ['known', 'mass', 'counted'], output: ['y'] },
    ],
    input: [
      value('age', 'FP32', ['N', 1]),
      value('mass', 'FP32', ['N', 1]),
      value('count', 'INT64', ['N', 1]),
    ],
    output: [value('y', 'FP32', ['N', 1])],
    initializer: [floats('mean', [1], [40])],
  });

test('each column is asked by itself: only what the model makes good may be missing', async () => {
  const columns = [column('age', 'FP32'), column('mass', 'FP32'), column('count', 'INT64')];
  expect(await backend.nullable(modelFile(folder, imputed()), columns)).toEqual([true, false, false]);
});

test('a model of 2,000 columns is tried in one go, within one limit of time', async () => {
  const file = modelFile(folder, affine(2_000));
  expect(await backend.nullable(file, columnsOf('x', 2_000))).toEqual(new Array(2_000).fill(false));
});

test('an open number of columns is as many as there are names', async () => {
  const file = modelFile(folder, identity('FP16', ['N', 'columns']));
  expect(await backend.nullable(file, columnsOf('x', 3, 'FP16'))).toEqual([false, false, false]);
});

test('a model that answers with text only cannot show that it missed something', async () => {
  expect(await backend.nullable(modelFile(folder, identity('BYTES')), columnsOf('x', 2, 'BYTES'))).toEqual([
    false,
    false,
  ]);
});

test('a model that dies of a missing value may not miss any, and the next one is tried as ever', async () => {
  const file = modelFile(folder, crashingOnMissing());
  expect(await backend.inspect(file)).toMatchObject({ ok: true });
  expect(await backend.nullable(file, [column('x', 'FP32')])).toEqual([false]);
  expect(await backend.nullable(modelFile(folder, imputed()), [column('age', 'FP32')])).toEqual([true]);
});

test('a model that never ends over a missing value is given up at the limit', async () => {
  const file = modelFile(folder, endlessOnMissing());
  expect(await impatient.nullable(file, [column('x', 'FP32')])).toEqual([false]);
});

test('a file that is gone is not taken for a model without missing values', async () => {
  const gone = backend.nullable({ sha256: 'gone', path: join(folder, 'gone') }, [column('x', 'FP32')]);
  await expect(gone).rejects.toMatchObject({ name: 'WorkerUnavailable', reason: 'load-failed' });
});
