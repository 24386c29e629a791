import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import { OnnxBackend } from '../../../../src/serving/backends/onnx';
import { Batcher } from '../../../../src/serving/batching/batcher';
import { WorkerPool, type PoolEvent } from '../../../../src/serving/worker/worker-pool';
import type { WorkerUnavailable } from '../../../../src/serving/execution/worker-unavailable';
import {
  affine,
  affineAnswer,
  crashing,
  lookup,
  modelFile,
  overflowingDivision,
} from '../../../support/onnx-models';
import { until } from '../../../support/until';

const folder = mkdtempSync(join(tmpdir(), 'modelgraph-test-'));
const options = { providers: ['cpu'], intraOpNumThreads: 1, environment: {} };
const WORKERS = 3;
const events: PoolEvent[] = [];
const pool = new WorkerPool({ ...options, workers: WORKERS, onEvent: (event) => events.push(event) });
const backend = new OnnxBackend(pool, options);
const batcher = new Batcher(backend);

beforeAll(() => pool.start());
beforeEach(() => events.splice(0));
afterAll(async () => {
  batcher.stop();
  await Promise.all([backend.stop(), pool.stop({ withinMs: 2_000 })]);
  rmSync(folder, { recursive: true });
});

const submit = (file: { sha256: string; path: string }, input: Tensor) =>
  batcher.submit({ file, batchable: true, inputs: [input], deadlineAt: performance.now() + 60_000 });

test('many callers at once get their own rows from real workers, in shared runs', async () => {
  const file = modelFile(folder, affine());
  const answers = await Promise.all(
    Array.from({ length: 2_000 }, async (_, caller) => {
      const rows = 1 + (caller % 3);
      const data = Float32Array.from({ length: rows * 30 }, (_, at) => ((caller * 13 + at * 7) % 16) / 4);
      const answer = await submit(file, { name: 'x', datatype: 'FP32', shape: [rows, 30], data });
      const expected = Array.from({ length: rows }, (_, row) =>
        affineAnswer(data.subarray(row * 30, row * 30 + 30)),
      ).flat();
      expect(answer.outputs).toMatchObject([{ name: 'y', shape: [rows, 3] }]);
      expect(Array.from(answer.outputs[0]?.data as Float32Array)).toEqual(expected);
      return answer;
    }),
  );
  expect(Math.max(...answers.map(({ batchSize }) => batchSize))).toBeGreaterThan(32);
});

test("one caller's bad row spoils nobody else's answer", async () => {
  const file = modelFile(folder, lookup(8));
  const ask = (index: bigint) =>
    submit(file, { name: 'i', datatype: 'INT64', shape: [1, 1], data: BigInt64Array.of(index) });
  const outcomes = await Promise.allSettled([0n, 1n, 2n, 99n, 3n, 4n].map(ask));
  expect(
    outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? (outcome.value.outputs[0]?.data as Float32Array)[0] : 'refused',
    ),
  ).toEqual([0, 10, 20, 'refused', 30, 40]);
});

const isDeath = ({ type }: PoolEvent): boolean => type === 'worker-died';

/** What callers of one row each, who come together, are told. */
async function toldTogether(file: { sha256: string; path: string }, ...values: readonly number[]) {
  const outcomes = await Promise.allSettled(
    values.map((value) =>
      submit(file, { name: 'x', datatype: 'INT32', shape: [1, 1], data: Int32Array.of(value) }),
    ),
  );
  return outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? (outcome.value.outputs[0]?.data as Int32Array)[0]
      : (outcome.reason as WorkerUnavailable).reason,
  );
}

test("one caller's row that ends a process costs nobody else the answer, and two processes", async () => {
  const file = modelFile(folder, overflowingDivision());
  const told = await toldTogether(file, 1, 2, -1, 4, 8);
  expect(told).toEqual([-(2 ** 31), -(2 ** 30), 'crashed', -(2 ** 29), -(2 ** 28)]);
  expect(events.filter(isDeath)).toHaveLength(2); // the batch's, and its own
  expect(pool.whyNot(file.sha256)).toBeNull();
});

test('a model that always ends its process costs two, however many ask, and the others hear why', async () => {
  await until(() => pool.idleCount() === WORKERS);
  const told = await toldTogether(modelFile(folder, crashing()), 1, 2, 3, 4, 5);
  expect(told).toEqual(['crashed', 'quarantined', 'quarantined', 'quarantined', 'quarantined']);
  expect(events.filter(isDeath)).toHaveLength(2);
});
