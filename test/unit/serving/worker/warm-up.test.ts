import type { InferenceSession } from 'onnxruntime-node';
import type { DeclaredSignature } from '../../../../src/serving/inspection/declared-signature';
import { warmUp } from '../../../../src/serving/worker/warm-up';

type Feeds = Readonly<Record<string, { readonly dims: readonly number[]; readonly data: unknown }>>;

const signature = (shape: readonly number[]): DeclaredSignature => {
  const symbols = shape.map(() => undefined);
  return {
    inputs: [{ name: 'x', datatype: 'FP32', shape, symbols, hasShape: true }],
    outputs: [{ name: 'y', datatype: 'FP32', shape, symbols, hasShape: true }],
  };
};
const OPEN_ROWS = signature([-1, 3]);

/** A session that notes the shapes it is run with, and answers or fails as `run` does. */
function session(run: (dims: readonly number[]) => unknown = () => undefined) {
  const shapes: (readonly number[])[] = [];
  const datas: unknown[] = [];
  const fake = {
    inputNames: ['x'],
    outputNames: ['y'],
    run: (feeds: Feeds) => {
      const x = feeds['x'];
      shapes.push(x?.dims ?? []);
      datas.push(x?.data);
      run(x?.dims ?? []);
      return Promise.resolve({ y: { type: 'float32', dims: [1], data: new Float32Array(1) } });
    },
  };
  return { shapes, datas, session: fake as unknown as InferenceSession };
}

test('a model is run with one row and with the largest batch, each twice', async () => {
  const { session: model, shapes, datas } = session();
  await warmUp(model, OPEN_ROWS, 16);
  expect(shapes).toEqual([
    [1, 3],
    [1, 3],
    [16, 3],
    [16, 3],
  ]);
  const [row, , batch] = datas as Float32Array[];
  expect(batch?.subarray(45)).toEqual(row); // the row that was accepted, not other values
});

test('a model whose rows cannot share a run is run with one', async () => {
  const { session: model, shapes } = session();
  await warmUp(model, signature([2, 3]), 1);
  expect(shapes).toEqual([
    [2, 3],
    [2, 3],
  ]);
});

test('a slow model is warmed up with as many rows as there is time for', async () => {
  let nowMs = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const { session: model, shapes } = session(([rows = 1]) => (nowMs += 20 * rows));
  await warmUp(model, OPEN_ROWS, 128);
  clock.mockRestore();
  expect(nowMs).toBeLessThan(500); // 128 rows would take 2.5 s, twice
  const largest = Math.max(...shapes.map(([rows = 0]) => rows));
  expect(largest).toBeGreaterThan(1);
  expect(largest).toBeLessThanOrEqual(10);
});

test('a model that accepts no made-up values is ready as it is', async () => {
  const refusing = session(() => {
    throw new Error('indices out of range');
  });
  await expect(warmUp(refusing.session, OPEN_ROWS, 16)).resolves.toBeUndefined();
});

test('a batch that fails is for those to hear who send one; no memory for one row is a failure', async () => {
  const batchless = session(([rows = 1]) => {
    if (rows > 1) throw new Error('Failed to allocate memory for requested buffer');
  });
  await expect(warmUp(batchless.session, OPEN_ROWS, 16)).resolves.toBeUndefined();
  const memoryless = session(() => {
    throw new Error('Failed to allocate memory for requested buffer');
  });
  await expect(warmUp(memoryless.session, OPEN_ROWS, 16)).rejects.toThrow('allocate');
});
