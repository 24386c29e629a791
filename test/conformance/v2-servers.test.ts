import type { Tensor } from '../../src/kernel/tensors/tensor';
import type { RemoteBackend } from '../../src/serving/backends/remote';
import { InvalidInput } from '../../src/serving/execution/invalid-input';
import { WorkerUnavailable } from '../../src/serving/execution/worker-unavailable';
import { keepsBackendContract, stopsWhatNobodyWaitsFor, type Feature } from '../support/backend-contract';
import { until } from '../support/until';
import { V2_SCHEMES, V2Server, type V2Scheme } from '../support/v2-server';

interface Kind {
  /** A Python with what a file of `servers` asks for; `.ci/v2-servers.sh` makes them. */
  readonly python: string | undefined;
  readonly script: string;
  /** What it says to some megabytes over gRPC. */
  readonly tooLarge: RegExp;
  readonly lacks: Readonly<Record<V2Scheme, Partial<Record<Feature, RegExp>>>>;
}
const ONLY_TEXTS =
  /bytes that are not UTF-8 in element 1, (which travel as bytes only|and KServe’s server takes)/;
/** It answers JSON only, in which NaN and infinity are null. */
const ONLY_JSON = {
  NaN: /null in place of a number/,
  FP16: /travels as bytes only/,
  'bytes that are no text': ONLY_TEXTS,
};
/** Its batches have a row at least, and its tensors an axis. */
const OF_TRITON = { 'no rows': /byte size mismatch/, 'a scalar': /unknown model: 'scalar'/ };
const SERVERS: Readonly<Record<string, Kind>> = {
  Triton: {
    python: process.env.TRITON_PYTHON,
    script: 'triton.py',
    tooLarge: /batch-size must be <= 64/,
    lacks: { http: OF_TRITON, grpc: OF_TRITON },
  },
  KServe: {
    python: process.env.KSERVE_PYTHON,
    script: 'kserve_models.py',
    tooLarge: /^The question is too large for the remote: .*8388608/,
    lacks: { http: { 'bytes that are no text': ONLY_TEXTS }, grpc: {} },
  },
  MLServer: {
    python: process.env.MLSERVER_PYTHON,
    script: 'mlserver_models.py',
    tooLarge: /^The question is too large for the remote: .*4194304/,
    lacks: { http: ONLY_JSON, grpc: {} },
  },
};

/** Of `FP32`, in 9 MiB. */
const LARGE_ROWS = 1_179_648;
const floats = (rows: number): Tensor => ({
  name: 'x',
  datatype: 'FP32',
  shape: [rows, 2],
  data: new Float32Array(2 * rows),
});

describe.each(Object.entries(SERVERS))('%s', (_name, { python, script, lacks, tooLarge }) => {
  if (!python) return test.skip('is not here', () => undefined);
  let server: V2Server;
  let remote: RemoteBackend;
  beforeAll(async () => {
    server = await V2Server.start(python, script);
    remote = server.backend();
  });
  afterAll(async () => {
    await remote?.stop();
    await server?.stop();
  });

  describe.each(V2_SCHEMES)('over %s', (scheme) => {
    const subject = () => ({ backend: remote, file: (model: string) => server.file(scheme, model) });
    keepsBackendContract(subject, lacks[scheme]);
    stopsWhatNobodyWaitsFor(subject);

    if (script === 'triton.py') return; // it is told of each of its models

    test('a model without metadata is what its document says', async () => {
      const tensor = (name: string) => ({ name, datatype: 'FP32', shape: [-1, 2] });
      const said = { inputs: [tensor('x')], outputs: [tensor('y')] };
      const silent = await remote.inspect(server.file(scheme, 'silent'));
      expect(silent).toMatchObject({ ok: false, code: 'NO_SIGNATURE' });
      const written = server.file(scheme, 'silent', said);
      expect(await remote.inspect(written)).toEqual({ ok: true, ...said, batchable: true });
      const { outputs } = await remote.run(written, [floats(1)], { timeoutMs: 20_000 });
      expect(outputs).toMatchObject([{ name: 'y', shape: [1, 2] }]);
      const other = server.file(scheme, 'affine', said);
      expect(await remote.inspect(other)).toMatchObject({ ok: false, code: 'OTHER_SIGNATURE' });
    });
  });

  test('a question that is too large for it is its caller’s, and closes the model to nobody', async () => {
    const file = server.file('grpc', 'FP32');
    const large = () => remote.run(file, [floats(LARGE_ROWS)], { timeoutMs: 20_000 });
    // Triton’s gRPC has no limit that ours does not have, and so many rows are more than its model takes.
    for (let times = 0; times < 4; times += 1) await expect(large()).rejects.toThrow(InvalidInput);
    await expect(large()).rejects.toThrow(tooLarge);
    expect(remote.whyNot(file.sha256)).toBeNull();
  });

  test('killed under load it is missed by all, and asked again once it is back', async () => {
    let isOver = false;
    const others = new Set<unknown>();
    const answered = { http: 0, grpc: 0 };
    const failed = { http: 0, grpc: 0 };
    const callers = V2_SCHEMES.flatMap((scheme) =>
      Array.from({ length: 4 }, async () => {
        while (!isOver) {
          const file = server.file(scheme, 'FP32');
          const answer = remote.run(file, [floats(1)], { timeoutMs: 60_000 });
          await answer.then(
            () => (answered[scheme] += 1),
            (error: unknown) => {
              failed[scheme] += 1;
              if (!(error instanceof WorkerUnavailable) || error.reason !== 'remote') others.add(error);
            },
          );
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }),
    );
    const allSay = (counts: typeof answered) =>
      until(() => V2_SCHEMES.every((scheme) => counts[scheme] > 20));
    try {
      await allSay(answered);
      await server.kill();
      await allSay(failed);
      await server.begin();
      answered.http = answered.grpc = 0;
      await allSay(answered);
    } finally {
      isOver = true;
      await Promise.all(callers);
    }
    expect([...others]).toEqual([]);
    for (const { state } of remote.remotes().filter(({ model }) => model === 'FP32'))
      expect(state).toBe('READY');
  });
});
