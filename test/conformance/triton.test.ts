import type { Tensor } from '../../src/kernel/tensors/tensor';
import type { RunOptions, RunResult } from '../../src/serving/execution/backend';
import type { RemoteBackend } from '../../src/serving/backends/remote';
import { InvalidInput } from '../../src/serving/execution/invalid-input';
import { OpenInferenceClient } from '../support/open-inference-client';
import { RegistryClient } from '../support/registry-client';
import { remoteModel } from '../support/remote-model';
import { startTestServer } from '../support/test-server';
import { until } from '../support/until';
import { V2_SCHEMES, V2Server } from '../support/v2-server';

/** A Python with what `servers/requirements-triton.txt` says; `.ci/v2-servers.sh` makes one. */
const PYTHON = process.env.TRITON_PYTHON;
const MODELS = ['FP32', 'BF16', 'no_batch', 'tally', 'versioned', 'decoupled', 'full', 'late'];

const floats = (values: readonly number[], shape: readonly number[] = [values.length, 1]): Tensor => ({
  name: 'x',
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});

(PYTHON ? describe : describe.skip)('what only Triton has', () => {
  let triton: V2Server;
  let remote: RemoteBackend;
  beforeAll(async () => {
    triton = await V2Server.start(PYTHON ?? '', 'triton.py', MODELS);
    remote = triton.backend();
  });
  afterAll(async () => {
    await remote?.stop();
    await triton?.stop();
  });

  describe.each(V2_SCHEMES)('over %s', (scheme) => {
    const run = (model: string, x: Tensor, more: Partial<RunOptions> = {}, place = {}): Promise<RunResult> =>
      remote.run(triton.file(scheme, model, place), [x], { timeoutMs: 20_000, ...more });
    const valuesOf = async (answer: Promise<RunResult>) =>
      (await answer).outputs.map(({ data }) => [...(data as Float32Array)]);
    const inspect = (model: string, place = {}) => remote.inspect(triton.file(scheme, model, place));
    const whyNot = (model: string) => remote.whyNot(triton.file(scheme, model).sha256);

    test('BF16 comes back with every bit', async () => {
      const data = Uint16Array.of(0x3f80, 0x7fc1, 0xff80, 0x0001);
      const x = { name: 'x', datatype: 'BF16' as const, shape: [2, 2], data };
      expect((await run('BF16', x)).outputs).toMatchObject([{ datatype: 'BF16', shape: [2, 2], data }]);
    });

    test('a model without Triton’s batches may be asked with no rows', async () => {
      expect((await run('no_batch', floats([], [0, 2]))).outputs).toMatchObject([{ shape: [0, 2] }]);
    });

    test.each([
      ['another shape', floats([1, 2, 3], [1, 3]), /unexpected shape for input 'x'/],
      [
        'another datatype',
        { ...floats([]), datatype: 'FP64', data: Float64Array.of(1, 2), shape: [1, 2] },
        /data-type/,
      ],
      ['another name', { ...floats([1, 2], [1, 2]), name: 'z' }, /unexpected inference input 'z'/],
      ['more rows than it takes', floats(Array<number>(130).fill(1), [65, 2]), /batch-size must be <= 64/],
    ] as const)('%s is the caller’s error, however often', async (_what, x, sentence) => {
      for (let times = 0; times < 4; times += 1) {
        const refusal = expect(run('FP32', x)).rejects;
        await refusal.toThrow(sentence);
      }
      await expect(run('FP32', x)).rejects.toThrow(InvalidInput);
      expect(whyNot('FP32')).toBeNull();
    });

    test('the version named is asked, else the latest; one that is not there is not found', async () => {
      expect(await valuesOf(run('versioned', floats([7]), {}, { version: '1' }))).toEqual([[1]]);
      expect(await valuesOf(run('versioned', floats([7]), {}, { version: '2' }))).toEqual([[2]]);
      expect(await valuesOf(run('versioned', floats([7])))).toEqual([[2]]);
      expect(await inspect('versioned', { version: '3' })).toMatchObject({
        ok: false,
        code: 'REMOTE_NOT_FOUND',
      });
    });

    test.each([
      ['a number', 7],
      ['a number of more digits than a double has', 12_345_678_901_234_567n],
      ['a text', 'größe'],
    ])('a sequence named by %s is one', async (_what, id) => {
      const step = (value: number, start: boolean, end: boolean) =>
        valuesOf(run('tally', floats([value]), { sequence: { id, start, end } }));
      expect(await step(1, true, false)).toEqual([[1]]);
      expect(await step(2, false, false)).toEqual([[3]]);
      expect(await step(3, false, true)).toEqual([[6]]);
      await expect(step(4, false, false)).rejects.toThrow(/must specify the START flag/);
    });

    test('a model that wants a sequence says so to who names none', async () => {
      await expect(run('tally', floats([1]))).rejects.toThrow(/non-zero or non-empty correlation ID/);
    });

    test('a model that answers as often as it likes is not registered', async () => {
      expect(await inspect('decoupled')).toEqual({
        ok: false,
        code: 'REMOTE_UNSUPPORTED',
        message: expect.stringMatching(/decoupled transaction policy\.$/) as string,
      });
    });

    test.each([
      ['full', /Exceeds maximum queue size/],
      ['late', /Request timeout expired/],
    ])('a queue that is %s makes nobody think that the server is away', async (model, sentence) => {
      const asked = Array.from({ length: 6 }, (_, at) => run(model, floats([at])));
      const refused = (await Promise.allSettled(asked)).flatMap((one) =>
        one.status === 'rejected' ? [one.reason as unknown] : [],
      );
      expect(refused.length).toBeGreaterThanOrEqual(3);
      for (const reason of refused)
        expect(reason).toMatchObject({ reason: 'busy', message: expect.stringMatching(sentence) as string });
      expect(whyNot(model)).toBeNull();
      expect(await valuesOf(run(model, floats([5])))).toEqual([[5]]);
    });

    test('a model that is unloaded is not found, and answers once it is loaded again', async () => {
      const control = (what: string) =>
        fetch(`${triton.url}/v2/repository/models/no_batch/${what}`, { method: 'POST' });
      const x = floats([1, 2], [1, 2]);
      expect((await control('unload')).status).toBe(200);
      await until(async () => {
        const inspection = await inspect('no_batch');
        return !inspection.ok && inspection.code === 'REMOTE_NOT_FOUND';
      });
      await expect(run('no_batch', x)).rejects.toMatchObject({ name: 'WorkerUnavailable', reason: 'remote' });
      expect((await control('load')).status).toBe(200);
      await until(() =>
        run('no_batch', x).then(
          () => true,
          () => false,
        ),
      );
    });
  });

  test('a stateful model of Triton’s is registered, and asked in sequences by our own doors', async () => {
    const server = await startTestServer({ REMOTE_BACKENDS: new URL(triton.url).host });
    const document = remoteModel({ backend: 'open-inference', url: triton.url, model: 'tally' });
    const registry = new RegistryClient(server);
    await registry.promote(await registry.version('tally', Buffer.from(document)), 'production');
    const v2 = new OpenInferenceClient(server);
    const step = async (value: number, more: object) => {
      const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [value] }];
      return (await v2.infer('tally', { inputs, parameters: { sequence_id: 'mine', ...more } })).json;
    };
    expect(await step(1, { sequence_start: true })).toMatchObject({ outputs: [{ data: [1] }] });
    expect(await step(2, {})).toMatchObject({ outputs: [{ data: [3] }] });
    expect(await step(4, { sequence_end: true })).toMatchObject({ outputs: [{ data: [7] }] });
    expect((await step(1, {})).error).toMatch(/must specify the START flag/);
    await server.stop();
  });
});
