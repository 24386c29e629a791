import type { Lane, ModelFile, WorkerStatus } from '../../../../src/serving/execution/backend';
import type { BatchRequest } from '../../../../src/serving/batching/batch-request';
import { Batcher } from '../../../../src/serving/batching/batcher';
import { Overloaded } from '../../../../src/serving/execution/overloaded';
import { FakeBackend } from '../../../support/fake-backend';

/** Two lanes: models whose name begins with “far” have one of their own. */
class TwoLanes extends FakeBackend {
  readonly far = new FarLane(this);
  override lane(file?: ModelFile): Lane {
    return file?.sha256.startsWith('far') ? this.far : this;
  }
  override idleCount(): number {
    return 1 - this.runs.filter(({ file }) => !file.sha256.startsWith('far')).length;
  }
}
class FarLane implements Lane {
  readonly canStop = true;
  constructor(private readonly backend: TwoLanes) {}
  idleCount(): number {
    return 1 - this.backend.runs.filter(({ file }) => file.sha256.startsWith('far')).length;
  }
}

const request = (sha256: string, changes: Partial<BatchRequest> = {}): BatchRequest => ({
  file: { sha256, path: '/' },
  batchable: false,
  inputs: [{ name: 'x', datatype: 'FP64', shape: [1, 1], data: Float64Array.of(1) }],
  deadlineAt: Infinity,
  ...changes,
});
const atOnce = (task: () => void): void => task();
const running = (backend: TwoLanes) => backend.runs.map(({ file }) => file.sha256);

test('a lane that is busy holds up its own models and no others, whichever of them it is', async () => {
  const backend = new TwoLanes();
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const answers = ['far a', 'far b', 'near a', 'near b'].map((name) => batcher.submit(request(name)));
  expect(running(backend)).toEqual(['far a', 'near a']);
  backend.runs[1]?.finish();
  expect(running(backend)).toEqual(['far a', 'near b']);
  backend.runs[1]?.finish();
  expect(running(backend)).toEqual(['far a']);
  backend.runs[0]?.finish();
  expect(running(backend)).toEqual(['far b']);
  backend.runs[0]?.finish();
  expect(await Promise.all(answers)).toHaveLength(4);
});

test('what waits for one lane takes no room from those who wait for another', async () => {
  const backend = new TwoLanes();
  const batcher = new Batcher(backend, { nextTurn: atOnce, maxQueuedBytes: 8 });
  const far = ['far', 'far', 'far'].map((name) => batcher.submit(request(name)));
  const near = ['near', 'near'].map((name) => batcher.submit(request(name)));
  await expect(far[2]).rejects.toThrow(Overloaded);
  for (const run of [...backend.runs]) run.finish();
  for (const run of [...backend.runs]) run.finish();
  expect(await Promise.all([...far.slice(0, 2), ...near])).toHaveLength(4);
});

test.each([
  ['far', true],
  ['near', false],
])('where nobody waits any more, a run in the %s lane is stopped: %s', async (name, isStopped) => {
  const backend = new TwoLanes();
  const options = jest.spyOn(backend, 'run');
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const gone = new AbortController();
  const answer = batcher.submit(request(name, { signal: gone.signal }));
  const { signal } = (options.mock.calls[0] as unknown as [unknown, unknown, { signal?: AbortSignal }])[2];
  expect(signal?.aborted).toBe(isStopped ? false : undefined);
  gone.abort();
  await expect(answer).rejects.toThrow('The caller left');
  expect(signal?.aborted).toBe(isStopped ? true : undefined);
  backend.runs[0]?.finish();
});

test('a run whose callers can wait no longer is stopped, where its lane can', async () => {
  const backend = new TwoLanes();
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const answer = batcher.submit(request('far', { deadlineAt: performance.now() + 20 }));
  const [run] = backend.runs;
  expect(run?.options.signal?.aborted).toBe(false);
  await expect(answer).rejects.toMatchObject({ reason: 'deadline' });
  expect(run?.options.signal?.aborted).toBe(true);
  run?.finish();
});

test('a model whose own workers are busy waits for them, and holds up no other model', async () => {
  class FewInstances extends FakeBackend {
    override idleCount(sha256?: string): number {
      const own = this.runs.filter(({ file }) => file.sha256 === 'rare').length;
      return sha256 === 'rare' ? 1 - own : super.idleCount();
    }
  }
  const backend = new FewInstances(3);
  const batcher = new Batcher(backend, { nextTurn: atOnce });
  const answers = ['rare', 'rare', 'common'].map((name) => batcher.submit(request(name)));
  expect(backend.runs.map(({ file }) => file.sha256)).toEqual(['rare', 'common']);
  backend.runs[0]?.finish();
  await answers[0];
  expect(backend.runs.map(({ file }) => file.sha256)).toEqual(['common', 'rare']);
  for (const run of [...backend.runs]) run.finish();
  await Promise.all(answers);
});

test.each([1, 2])(
  'who is refused is sent away for as long as %d runs at a time need, whoever has them',
  async (width) => {
    class Elsewhere extends FakeBackend {
      override status(): readonly WorkerStatus[] {
        throw new Error('Our own workers have nothing to do with it.');
      }
    }
    const backend = new Elsewhere(width, 1_000); // each run says that it took a second
    const batcher = new Batcher(backend, { nextTurn: atOnce, maxQueue: 8 });
    const known = batcher.submit(request('far'));
    backend.runs[0]?.finish();
    await known;
    const waiting = Array.from({ length: width + 8 }, () => batcher.submit(request('far')));
    await expect(batcher.submit(request('far'))).rejects.toMatchObject({ retryAfterMs: 8_000 / width });
    while (backend.runs.length > 0) backend.runs[0]?.finish();
    await Promise.all(waiting);
  },
);
