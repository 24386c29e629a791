import type { Tensor } from '../../kernel/tensors/tensor';
import type { ColumnPlace } from '../../registry/registry';
import { InvalidInput } from '../execution/invalid-input';
import { WorkerUnavailable } from '../execution/worker-unavailable';
import { measureLatency } from '../inspection/measure-latency';
import { answersWithout } from '../inspection/missing-values';
import { acceptedInputs, probe } from '../inspection/probe-batching';
import { ModelRefusal } from '../inspection/refusal';
import type { Runnable } from '../inspection/runnable';
import type {
  Backend,
  Inspection,
  Lane,
  Latency,
  ModelFile,
  RunOptions,
  RunResult,
  WorkerStatus,
} from '../execution/backend';
import type { RemoteDocument } from '../execution/remote-document';
import { asSentence, RemoteFailure } from './remote-failure';
import { RemoteModel, type RemoteStatus } from './remote-model';
import type { RemotePolicy } from './remote-policy';
import type { RemoteServerStatus } from './remote-server';
import { RemoteServers } from './remote-servers';
import { changeOf, checkedAnswer, declaredBy, type Declared } from './remote-signature';

/** Remote models that are remembered; the longest known goes first. */
const MAX_MODELS = 10_000;
/** A whole measurement, or all that is tried with missing values, in ms: as long as of models of ours. */
const TRIALS_LIMIT_MS = 120_000;

/** Where a model is asked that the operator does not allow: at once, and refused. */
const NOWHERE: Lane = { idleCount: () => 1 };

export type RemoteEvent = { readonly type: 'remote-changed' } & RemoteStatus;

/** Models that other servers have: Open Inference Protocol over HTTP or gRPC, and TensorFlow Serving over REST. */
export class RemoteBackend implements Backend {
  private readonly models = new Map<string, RemoteModel>();
  /** Those that have told, in this process, what they take and give. */
  private readonly seen = new Map<string, Declared>();
  private readonly listeners: (() => void)[] = [];
  private readonly allServers: RemoteServers;

  constructor(
    private readonly policy: RemotePolicy,
    private readonly onEvent: (event: RemoteEvent) => void = () => undefined,
    private readonly trialsLimitMs = TRIALS_LIMIT_MS,
  ) {
    this.allServers = new RemoteServers(policy, () => {
      for (const listener of this.listeners) listener();
    });
  }

  async inspect(file: ModelFile): Promise<Inspection> {
    const admitted = this.policy.admit(documentOf(file));
    if ('refusal' in admitted) return { ok: false, code: 'REMOTE_NOT_ALLOWED', message: admitted.refusal };
    try {
      const declared = await this.declaredNow(file);
      const { batchable, unproven } = await probe(this.runnable(file, declared), withoutSymbols(declared));
      return { ok: true, ...declared, batchable, ...(unproven === undefined ? {} : { unproven }) };
    } catch (error) {
      if (error instanceof ModelRefusal) return { ok: false, code: error.code, message: error.message };
      if (error instanceof RemoteFailure) return refusedBy(error);
      if (error instanceof WorkerUnavailable)
        return { ok: false, code: 'REMOTE_UNAVAILABLE', message: error.message };
      throw error;
    }
  }

  async measureLatency(file: ModelFile, samples: number, inputs: readonly Tensor[] = []): Promise<Latency> {
    return this.tried(file, async (model, declared) => {
      const row = inputs.length > 0 ? inputs : await acceptedInputs(model, withoutSymbols(declared));
      if (!row) throw new InvalidInput('The model accepts none of the made-up inputs.');
      return measureLatency(model, row, samples);
    });
  }

  async nullable(file: ModelFile, columns: readonly ColumnPlace[]): Promise<readonly boolean[]> {
    return this.tried(file, (model, declared) => answersWithout(model, withoutSymbols(declared), columns));
  }

  /** Nothing is loaded here: it is ready once the remote says that it takes and gives what it was registered with. */
  async load(file: ModelFile): Promise<void> {
    await this.asked(async () => {
      const now = await this.declaredNow(file);
      const change = file.declared ? changeOf(file.declared, now) : null;
      if (change !== null) throw new WorkerUnavailable('load-failed', change);
    });
  }

  holds(sha256: string): boolean {
    return this.seen.has(sha256);
  }

  /** Whether it was ever to be loaded or asked here, whatever came of that. */
  knows(sha256: string): boolean {
    return this.models.has(sha256);
  }

  /** They take no memory of ours. */
  lease(): void {}

  /** As many instances as the remote has made. */
  limit(): void {}

  /** What the remote keeps in memory is the remote's. */
  unload({ sha256 }: ModelFile): Promise<void> {
    this.seen.delete(sha256);
    return Promise.resolve();
  }

  whyNot(sha256: string): string | null {
    return this.models.get(sha256)?.whyNot() ?? null;
  }

  async run(file: ModelFile, inputs: readonly Tensor[], options: RunOptions): Promise<RunResult> {
    return this.asked(async () => {
      const declared = file.declared ?? (await this.declaredOf(file));
      const rows = file.declared?.batchable ? inputs[0]?.shape[0] : undefined;
      const startedAt = performance.now();
      const model = this.modelOf(file);
      const outputs = await model.infer(inputs, declared.outputs, options, (answer) =>
        checkedAnswer(answer, declared.outputs, options.outputs, rows),
      );
      return { outputs, computeMs: performance.now() - startedAt, ranOn: model.ranOn };
    });
  }

  lane(file: ModelFile): Lane {
    try {
      return this.modelOf(file).server;
    } catch (error) {
      if (error instanceof WorkerUnavailable) return NOWHERE;
      throw error;
    }
  }

  onIdle(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Remotes have no workers here. */
  status(): readonly WorkerStatus[] {
    return [];
  }

  remotes(): readonly RemoteStatus[] {
    return [...this.models.values()].map((model) => model.status());
  }

  servers(): readonly RemoteServerStatus[] {
    return this.allServers.status();
  }

  /** Asks nobody any more; calls in flight fail. */
  stop(): Promise<void> {
    for (const model of this.models.values()) model.stop();
    this.allServers.close();
    return Promise.resolve();
  }

  private async declaredNow(file: ModelFile): Promise<Declared> {
    const model = this.modelOf(file);
    const { document } = model;
    const written = document.backend === 'open-inference' ? document.tensors : null;
    const declared = declaredBy(await model.metadata(), written);
    this.seen.set(file.sha256, declared);
    return declared;
  }

  private async declaredOf(file: ModelFile): Promise<Declared> {
    return this.seen.get(file.sha256) ?? (await this.declaredNow(file));
  }

  /** The same object for the same artifact. @throws WorkerUnavailable where the operator does not allow the remote */
  private modelOf(file: ModelFile): RemoteModel {
    const known = this.models.get(file.sha256);
    if (known) return known;
    const document = documentOf(file);
    const server = this.allServers.of(document);
    const [oldest] = this.models.keys();
    if (this.models.size >= MAX_MODELS && oldest !== undefined) this.forget(oldest);
    const model = new RemoteModel(document, server, (status) =>
      this.onEvent({ type: 'remote-changed', ...status }),
    );
    this.models.set(file.sha256, model);
    return model;
  }

  private forget(sha256: string): void {
    const model = this.models.get(sha256);
    if (model === undefined) return;
    model.stop();
    this.models.delete(sha256);
    this.seen.delete(sha256);
    const isUsed = [...this.models.values()].some(({ server }) => server === model.server);
    if (!isUsed) this.allServers.forget(model.server);
  }

  /** The model for those who try it with made-up inputs. */
  private runnable(file: ModelFile, { outputs }: Declared, signal?: AbortSignal): Runnable {
    const model = this.modelOf(file);
    const limits = { timeoutMs: model.document.timeoutMs, ...(signal && { signal }) };
    return {
      run: (inputs) =>
        model.infer(inputs, outputs, limits, (answer) =>
          checkedAnswer(answer, outputs, undefined, undefined),
        ),
      isFatal: (error) => !(error instanceof RemoteFailure) || !['refused', 'failed'].includes(error.fault),
      wordsOf: (error) => (error instanceof Error ? error.message : String(error)),
    };
  }

  /**
   * Tries the model again and again, within a limit: then the call that is on its way is ended, and no other begins.
   */
  private async tried<Result>(
    file: ModelFile,
    work: (model: Runnable, declared: Declared) => Promise<Result>,
  ): Promise<Result> {
    const { trialsLimitMs } = this;
    return this.asked(async () => {
      const declared = await this.declaredOf(file);
      const limit = AbortSignal.timeout(trialsLimitMs);
      return work(this.runnable(file, declared, limit), declared).catch((error: unknown) => {
        throw limit.aborted ? takesTooLong(trialsLimitMs) : error;
      });
    });
  }

  /** What those who wait for an answer are told. */
  private async asked<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ModelRefusal) throw new WorkerUnavailable('load-failed', error.message);
      throw error instanceof RemoteFailure ? told(error) : error;
    }
  }
}

function told(failure: RemoteFailure): InvalidInput | WorkerUnavailable {
  const { fault, message } = failure;
  switch (fault) {
    case 'refused':
      return new InvalidInput(message);
    case 'timeout':
    case 'cancelled':
    case 'busy':
      return new WorkerUnavailable(fault, message);
    default:
      return new WorkerUnavailable('remote', message);
  }
}

/** Why a model was not registered: every one of these can be mended. */
function refusedBy({ fault, message: words }: RemoteFailure): Inspection {
  const message = asSentence(words);
  switch (fault) {
    case 'not-found':
      return { ok: false, code: 'REMOTE_NOT_FOUND', message };
    case 'unsupported':
      return { ok: false, code: 'REMOTE_UNSUPPORTED', message };
    case 'denied':
      return { ok: false, code: 'REMOTE_DENIED', message: `${message} Name a credential that it takes.` };
    case 'broken':
    case 'failed':
    case 'refused':
      return { ok: false, code: 'REMOTE_BROKEN', message };
    default:
      return { ok: false, code: 'REMOTE_UNAVAILABLE', message: `${message} Register it once it answers.` };
  }
}

function documentOf({ remote, sha256 }: ModelFile): RemoteDocument {
  if (!remote) throw new Error(`${sha256} is no document of a remote model.`);
  return remote;
}

const withoutSymbols = ({ inputs, outputs }: Declared) => {
  const plain = (spec: Declared['inputs'][number]) => ({ ...spec, symbols: [], hasShape: true });
  return { inputs: inputs.map(plain), outputs: outputs.map(plain) };
};

const takesTooLong = (limitMs: number) =>
  new WorkerUnavailable('timeout', `Trying the model took longer than ${limitMs / 1000} s.`);
