import { type Datatype, type Tensor, type TensorData } from '../../src/kernel/tensors/tensor';
import type { Backend, ModelFile } from '../../src/serving/execution/backend';
import { Batcher } from '../../src/serving/batching/batcher';
import { InvalidInput } from '../../src/serving/execution/invalid-input';
import { newData } from '../../src/serving/values/tensor-json';
import { parserOf } from '../../src/serving/values/value-parser';
import { WorkerUnavailable } from '../../src/serving/execution/worker-unavailable';
import { ONNX_DATATYPES, affineAnswer } from './onnx-models';

const OPTIONS = { timeoutMs: 60_000 };

/**
 * A backend with the models of the contract, by name: the datatypes, affine, centred, lookup, pair, slow and others.
 */
export interface ContractSubject {
  readonly backend: Backend;
  /** Where a model is; of a name that nobody has, where none is. */
  readonly file: (name: string) => ModelFile;
}

/** What some have, and others refuse. */
export type Feature = 'bytes that are no text' | 'no rows' | 'a scalar' | 'NaN' | 'FP16';

/** Two ends, and what JSON has no number for. */
const VALUES: Readonly<Record<Exclude<Datatype, 'BF16'>, readonly unknown[]>> = {
  BOOL: [true, false],
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  UINT64: ['9007199254740993', '18446744073709551615'],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
  INT64: ['9007199254740993', '-9223372036854775808'],
  FP16: [65_504, '-Infinity'],
  FP32: [0.1, 'NaN'],
  FP64: ['-0', 'Infinity'],
  BYTES: ['größe 🐧\n"\u0000', ''],
};

function tensor(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  values: readonly unknown[],
): Tensor {
  const data = newData(datatype, values.length);
  values.forEach((one, at) => (data[at] = parserOf(datatype)(one) ?? ''));
  return { name, datatype, shape, data: data as unknown as TensorData };
}
const bits = ({ data }: Tensor) =>
  Array.isArray(data) ? data : Buffer.from((data as Uint8Array).slice().buffer).toString('hex');
const row = (seed: number): number[] =>
  Array.from({ length: 30 }, (_, at) => ((seed * 31 + at * 7) % 16) / 4);

/**
 * What every backend does, whatever executes the models: tests to be called within a `describe`.
 *
 * @param lacks what it does not have, with the sentence that says so
 */
export function keepsBackendContract(
  subject: () => ContractSubject,
  lacks: Readonly<Partial<Record<Feature, RegExp>>> = {},
): void {
  const backend = () => subject().backend;
  const file = (name: string) => subject().file(name);
  const run = (name: string, inputs: readonly Tensor[], outputs?: readonly string[]) =>
    backend().run(file(name), inputs, { ...OPTIONS, ...(outputs && { outputs }) });
  /** The answer is as expected, or the refusal is the one that is known. */
  async function answers(feature: Feature | null, answer: Promise<unknown>, expected: unknown) {
    const refusal = feature === null ? undefined : lacks[feature];
    if (refusal) await expect(answer).rejects.toThrow(refusal);
    else expect(await answer).toMatchObject(expected as object);
  }

  test('it finds out what a model takes and gives, and whether its rows may share a run', async () => {
    const shape = (width: number) => [-1, width];
    expect(await backend().inspect(file('affine'))).toEqual({
      ok: true,
      inputs: [{ name: 'x', datatype: 'FP32', shape: shape(30) }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: shape(3) }],
      batchable: true,
    });
    expect(await backend().inspect(file('centred'))).toMatchObject({ ok: true, batchable: false });
  });

  test.each([...ONNX_DATATYPES])('%s comes back with every bit', async (datatype) => {
    // The runtime’s text ends at U+0000, so it refuses such texts.
    const values = VALUES[datatype].map((one) => (typeof one === 'string' ? one.replace('\0', '') : one));
    const sent = tensor('x', datatype, [1, 2], values);
    const feature = datatype === 'FP16' ? 'FP16' : datatype === 'FP32' || datatype === 'FP64' ? 'NaN' : null;
    const answer = run(datatype, [sent]).then(({ outputs }) =>
      outputs.map((output) => ({ ...output, data: bits(output) })),
    );
    await answers(feature, answer, [{ name: 'y', datatype, shape: [1, 2], data: bits(sent) }]);
  });

  test('BYTES that are no text come back as they went, or are refused where there are only texts', async () => {
    const data = ['größe', Uint8Array.of(0xff, 0xd8, 0)];
    const sent = { name: 'x', datatype: 'BYTES' as const, shape: [1, 2], data };
    const refusal = lacks['bytes that are no text'];
    if (refusal) return expect(run('BYTES', [sent])).rejects.toThrow(refusal);
    const { outputs } = await run('pictures', [sent]);
    expect(outputs).toEqual([{ ...sent, name: 'y_bytes' }]);
  });

  test.each([
    ['no rows', 'FP32', [0, 2], []],
    ['a scalar', 'scalar', [], [2.5]],
  ] as const)('%s keep their shape', async (what, name, shape, values) => {
    const answer = run(name, [tensor('x', 'FP32', shape, values)]);
    await answers(what, answer, { outputs: [{ name: 'y', shape, data: Float32Array.from(values) }] });
  });

  test('the outputs asked for come in the order asked for, and all in the model’s', async () => {
    const inputs = [tensor('x', 'FP64', [1, 2], [1, 2]), tensor('text', 'BYTES', [1, 1], ['a'])];
    const names = async (wanted?: string[]) =>
      (await run('pair', inputs, wanted)).outputs.map(({ name }) => name);
    expect(await names()).toEqual(['same', 'kind']);
    expect(await names(['kind', 'same'])).toEqual(['kind', 'same']);
    expect(await names(['kind'])).toEqual(['kind']);
  });

  test('a question that the model refuses is its own fault, and costs nobody else anything', async () => {
    const index = (at: number) => [tensor('i', 'INT64', [1, 1], [at])];
    const answers = [7, 99, 3].map((at) => run('lookup', index(at)));
    await expect(answers[1]).rejects.toThrow(InvalidInput);
    expect((await answers[0])?.outputs).toMatchObject([{ data: Float32Array.of(70) }]);
    expect((await answers[2])?.outputs).toMatchObject([{ data: Float32Array.of(30) }]);
    expect(backend().whyNot(file('lookup').sha256)).toBeNull();
  });

  test('many callers who share batches get their own rows, once', async () => {
    const batcher = new Batcher(backend());
    const asked = Array.from({ length: 300 }, (_, seed) => seed);
    const answers = await Promise.all(
      asked.map((seed) =>
        batcher.submit({
          file: file('affine'),
          batchable: true,
          inputs: [tensor('x', 'FP32', [1, 30], row(seed))],
          deadlineAt: performance.now() + 60_000,
        }),
      ),
    );
    expect(answers.map(({ outputs }) => [...(outputs[0]?.data as Float32Array)])).toEqual(
      asked.map((seed) => affineAnswer(row(seed))),
    );
    expect(Math.max(...answers.map(({ batchSize }) => batchSize))).toBeGreaterThan(1);
    batcher.stop();
  });

  test('a run that takes too long ends, and says so; the next one is answered', async () => {
    const slow = backend().run(file('slow'), [tensor('trips', 'INT64', [1], [1_200_000])], {
      timeoutMs: 50,
    });
    await expect(slow).rejects.toMatchObject({ name: 'WorkerUnavailable', reason: 'timeout' });
    const { outputs } = await run('slow', [tensor('trips', 'INT64', [1], [3])]);
    expect(outputs).toMatchObject([{ data: Float32Array.of(3) }]);
  });

  test('a place in the lane is taken while a run is on its way, and its end is told', async () => {
    const lane = backend().lane(file('affine'));
    expect(backend().lane(file('affine'))).toBe(lane);
    while (lane.idleCount() === 0) await new Promise<void>((resolve) => backend().onIdle(resolve));
    const before = lane.idleCount();
    const freed = new Promise<void>((resolve) => backend().onIdle(resolve));
    const answer = run('affine', [tensor('x', 'FP32', [1, 30], row(1))]);
    await Promise.resolve();
    expect(lane.idleCount()).toBe(before - 1);
    await answer;
    await freed;
    expect(lane.idleCount()).toBeGreaterThanOrEqual(before);
  });

  test('a model is made ready, is there, and is let go of', async () => {
    const { sha256 } = file('FP64');
    await backend().load(file('FP64'), 4);
    expect(backend().holds(sha256)).toBe(true);
    await backend().unload(file('FP64'));
    expect(backend().holds(sha256)).toBe(false);
    const { outputs } = await run('FP64', [tensor('x', 'FP64', [1, 2], [1, 2])]);
    expect(outputs).toMatchObject([{ data: Float64Array.of(1, 2) }]);
  });

  test('it measures a model, and sees which columns may be missing', async () => {
    const { p50Ms, p99Ms } = await backend().measureLatency(file('affine'), 20);
    expect(p50Ms).toBeGreaterThan(0);
    expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
    const column = (index: number) => ({
      name: `c${index}`,
      input: 'x',
      index,
      datatype: 'FP32' as const,
      nullable: false,
    });
    expect(await backend().nullable(file('FP32'), [column(0), column(1)])).toEqual([false, false]);
  });

  test('a model that is not there, or cannot be loaded, is refused with a sentence', async () => {
    const missing = file('nobody');
    const inspection = await backend().inspect(missing);
    expect(inspection).toMatchObject({ ok: false, message: expect.stringMatching(/\w+ \w+/) as string });
    await expect(backend().load(missing)).rejects.toThrow(WorkerUnavailable);
  });
}

/** Of those whose calls travel: a test to be called within a `describe`. */
export function stopsWhatNobodyWaitsFor(subject: () => ContractSubject): void {
  test('a run that nobody waits for is stopped', async () => {
    const { backend, file } = subject();
    const gone = new AbortController();
    const trips = [tensor('trips', 'INT64', [1], [1_200_000])];
    const answer = backend.run(file('slow'), trips, { ...OPTIONS, signal: gone.signal });
    setImmediate(() => gone.abort());
    await expect(answer).rejects.toMatchObject({ reason: 'cancelled' });
    expect(backend.lane(file('slow')).idleCount()).toBe(8);
  });
}
