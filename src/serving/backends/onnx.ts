import type { Tensor } from '../../kernel/tensors/tensor';
import type { ColumnPlace } from '../../registry/registry';
import { InvalidInput } from '../execution/invalid-input';
import type { WorkerPool } from '../worker/worker-pool';
import { WorkerUnavailable } from '../execution/worker-unavailable';
import type { Reply } from '../worker/protocol';
import type { WorkerOptions } from '../worker/spawn-worker';
import { TrialWorker } from '../worker/trial-worker';
import { isFromOutside, WorkerDied, type Death } from '../worker/worker-died';
import type {
  Backend,
  Inspection,
  Lane,
  Latency,
  LeasedModel,
  ModelFile,
  RunOptions,
  RunResult,
  WorkerStatus,
  InstanceLimits,
} from '../execution/backend';
import { withModelPath } from '../execution/model-path';

/** Reading, loading and a dozen runs, in ms: what takes longer cannot be served interactively either. */
const INSPECT_LIMIT_MS = 60_000;

/** Reading, loading and one run a column, in ms: 1,000 columns of a model that takes 100 ms. */
const MISSING_LIMIT_MS = 120_000;

/** A whole measurement, in ms. */
const MEASURE_LIMIT_MS = 120_000;

export interface OnnxBackendOptions extends WorkerOptions {
  readonly inspectLimitMs?: number;
  readonly missingLimitMs?: number;
  readonly measureLimitMs?: number;
}

/** ONNX Runtime, in processes of its own. It stops the process it tries models in; the pool is its owner's. */
export class OnnxBackend implements Backend {
  private readonly trials: TrialWorker;

  constructor(
    private readonly pool: WorkerPool,
    private readonly options: OnnxBackendOptions,
  ) {
    const { providers, intraOpNumThreads, environment } = options;
    this.trials = new TrialWorker({ providers, intraOpNumThreads, environment });
  }

  async inspect(file: ModelFile): Promise<Inspection> {
    const limitMs = this.options.inspectLimitMs ?? INSPECT_LIMIT_MS;
    try {
      const { reply } = await withModelPath(file, (path) =>
        this.trials.request({ type: 'inspect', path }, [], limitMs),
      );
      if (reply.type === 'inspected') return reply.inspection;
      throw notTried(reply);
    } catch (error) {
      if (error instanceof WorkerDied) return refusedByDeath(error.death, limitMs);
      throw error;
    }
  }

  async nullable(file: ModelFile, columns: readonly ColumnPlace[]): Promise<readonly boolean[]> {
    const limitMs = this.options.missingLimitMs ?? MISSING_LIMIT_MS;
    try {
      const { reply } = await withModelPath(file, (path) =>
        this.trials.request({ type: 'try-missing', path, columns }, [], limitMs),
      );
      if (reply.type === 'tried-missing') return reply.answers;
      throw notTried(reply);
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
      // A kill from outside says nothing of the model, and what is found here is written down for good.
      if (isFromOutside(error.death)) throw new WorkerUnavailable('crashed', error.message);
      return columns.map(() => false);
    }
  }

  async measureLatency(file: ModelFile, samples: number, inputs: readonly Tensor[] = []): Promise<Latency> {
    const limitMs = this.options.measureLimitMs ?? MEASURE_LIMIT_MS;
    try {
      const { reply } = await withModelPath(file, (path) =>
        this.trials.request({ type: 'measure', path, samples }, inputs, limitMs),
      );
      if (reply.type === 'measured') return { p50Ms: reply.p50Ms, p99Ms: reply.p99Ms };
      if (reply.type === 'failed' && reply.kind === 'invalid-input') throw new InvalidInput(reply.message);
      throw notTried(reply);
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error;
      throw new WorkerUnavailable(error.death.cause === 'timeout' ? 'timeout' : 'crashed', error.message);
    }
  }

  load(file: ModelFile, rows?: number): Promise<void> {
    return this.pool.load(file, rows);
  }

  holds(sha256: string): boolean {
    return this.pool.holds(sha256);
  }

  lease(models: readonly LeasedModel[]): void {
    this.pool.lease(models);
  }

  limit(limits: InstanceLimits): void {
    this.pool.limit(limits);
  }

  unload(file: ModelFile): Promise<void> {
    return this.pool.unload(file);
  }

  whyNot(sha256: string): string | null {
    return this.pool.whyNot(sha256);
  }

  heldForMs(sha256: string): number | undefined {
    return this.pool.heldForMs(sha256);
  }

  run(file: ModelFile, inputs: readonly Tensor[], options: RunOptions): Promise<RunResult> {
    return this.pool.run(file, inputs, options);
  }

  /** All models share the workers. */
  lane(): Lane {
    return this.pool;
  }

  onIdle(listener: () => void): void {
    this.pool.onIdle(listener);
  }

  status(): readonly WorkerStatus[] {
    return this.pool.status();
  }

  /** Ends the process that models are tried in. */
  stop(): Promise<void> {
    return this.trials.stop();
  }
}

function notTried(reply: Reply): WorkerUnavailable {
  return new WorkerUnavailable(
    'load-failed',
    reply.type === 'failed' ? reply.message : 'The worker lost step.',
  );
}

function refusedByDeath(death: Death, limitMs: number): Inspection {
  if (death.cause === 'timeout')
    return {
      ok: false,
      code: 'MODEL_TOO_SLOW',
      message: `The model was not loaded and tried within ${limitMs / 1000} s.`,
    };
  return {
    ok: false,
    code: 'MODEL_CRASHED_WORKER',
    message: `Loading or running the model ended the worker process (${death.signal ?? `exit code ${death.code}`}).`,
  };
}
