import { InputCheck } from '../../kernel/input-check';
import { newId } from '../../kernel/ids';
import type { Logger } from '../../kernel/logger';
import { DATATYPES, type Tensor } from '../../kernel/tensors/tensor';
import type { TensorInput } from '../../kernel/tensors/tensor-input';
import type { ColumnPlace } from '../../registry/registry';
import type { Backend, Inspection, Latency, ModelFile, RunResult } from '../execution/backend';
import { InvalidInput } from '../execution/invalid-input';
import type { TellGpus, UsedGpu } from '../gpu/gpu-reading';
import { tensorFromJson } from '../values/tensor-json';
import { cancelled, WorkerUnavailable } from '../execution/worker-unavailable';
import { ApiLeases } from './api-leases';
import { learnLatency } from './choose-worker';
import type { ModelFiles } from './model-files';
import type { RunTerms } from './run-terms';
import type { Attend, Attendance, WorkerNodeId } from './worker-calls';

/** Runs that may be under way or wait, for each process that runs models: `api` processes batch, so each is a batch. */
const MAX_RUNS_PER_WORKER = 32;
/** Bytes of inputs of all runs: image tensors fill memory long before they are many. */
const MAX_RUN_BYTES = 1 << 30;

export interface RunAsked {
  readonly inputs: readonly TensorInput[];
  /** Null: all. */
  readonly outputs: readonly string[] | null;
  readonly terms: RunTerms;
  /** Aborted where whoever asked has left: a run that waits for a process waits no longer. */
  readonly signal: AbortSignal;
}

/** What executes the models of a node, and tells for how long still one is held back: undefined where it is not. */
export interface NodeBackend extends Backend {
  heldForMs(sha256: string): number | undefined;
}

/** A process that runs models for `api` processes: what they may ask of it. Models are named by their SHA-256. */
export class WorkerNode {
  readonly id = newId<'worker-node'>() satisfies WorkerNodeId;
  private readonly leases = new ApiLeases();
  private leaving = false;
  private runs = 0;
  private runBytes = 0;
  /** What its runs have taken inside the runtime lately; 0: none has ended yet. */
  private meanRunMs = 0;

  constructor(
    private readonly needs: {
      readonly backend: NodeBackend;
      readonly files: ModelFiles;
      readonly gpus: TellGpus;
      readonly logger: Logger;
      /** `host:port` under which it is called; known once its door is open. */
      readonly name: () => string;
    },
  ) {}

  /** From now on it asks to be left alone; what comes all the same is still answered. */
  leave(): void {
    this.leaving = true;
  }

  get isLeaving(): boolean {
    return this.leaving;
  }

  /** Whether all `api` processes that were heard of within the time know that it leaves. */
  isKnownToLeave(withinMs: number): boolean {
    return this.leases.everybodyKnows(withinMs);
  }

  attend(asked: Attend): Attendance {
    const { backend, name } = this.needs;
    this.leases.attended(asked, this.leaving);
    backend.limit(this.leases.limits());
    void this.lease();
    const refused = asked.leases.flatMap(({ sha256 }) => {
      const reason = backend.whyNot(sha256);
      const retryAfterMs = backend.heldForMs(sha256);
      return reason === null ? [] : [{ sha256, reason, ...(retryAfterMs !== undefined && { retryAfterMs }) }];
    });
    const { id, leaving: isDraining } = this;
    const apis = this.leases.count;
    return { id, name: name(), isDraining, apis, workers: backend.status(), refused };
  }

  /** @throws InvalidInput, WorkerUnavailable */
  async load(sha256: string, rows: number | undefined): Promise<void> {
    const file = await this.needs.files.of(sha256);
    await this.needs.backend.load(file, rows);
  }

  async unload(sha256: string): Promise<void> {
    await this.needs.backend.unload(await this.needs.files.of(sha256));
  }

  async run(sha256: string, { inputs, outputs, terms, signal }: RunAsked): Promise<RunResult> {
    const file = await this.needs.files.of(sha256);
    if (signal.aborted) throw cancelled();
    const bytes = inputs.reduce((sum, input) => sum + (input.bytes?.byteLength ?? 0), 0);
    const most = MAX_RUNS_PER_WORKER * Math.max(1, this.needs.backend.status().length);
    if (this.runs >= most || (this.runs > 0 && this.runBytes + bytes > MAX_RUN_BYTES)) throw this.busy();
    this.runs++;
    this.runBytes += bytes;
    try {
      const options = { ...terms, signal, ...(outputs && { outputs }) };
      const result = await this.needs.backend.run(file, tensorsOf(inputs), options);
      this.meanRunMs = learnLatency(this.meanRunMs, result.computeMs);
      return result;
    } finally {
      this.runs--;
      this.runBytes -= bytes;
    }
  }

  async inspect(sha256: string): Promise<Inspection> {
    return this.needs.backend.inspect(await this.needs.files.of(sha256));
  }

  async nullable(sha256: string, columns: readonly ColumnPlace[]): Promise<readonly boolean[]> {
    return this.needs.backend.nullable(await this.needs.files.of(sha256), columns);
  }

  async measureLatency(sha256: string, samples: number, inputs: readonly TensorInput[]): Promise<Latency> {
    const file = await this.needs.files.of(sha256);
    return this.needs.backend.measureLatency(file, samples, tensorsOf(inputs));
  }

  /** The cards of its machine. */
  gpus(): Promise<readonly UsedGpu[]> {
    return this.needs.gpus();
  }

  /** The models it holds, each once. */
  held(): readonly string[] {
    return [...new Set(this.needs.backend.status().flatMap(({ models }) => models))];
  }

  /** Whether the model would be run without being loaded first. */
  isReady(sha256: string): boolean {
    return this.needs.backend.holds(sha256) && this.needs.backend.whyNot(sha256) === null;
  }

  /** Until what waits now should have been answered. */
  private busy(): WorkerUnavailable {
    const message = `${this.runs} runs (${this.runBytes} bytes) wait here already.`;
    const processes = Math.max(1, this.needs.backend.status().length);
    const aheadMs = Math.ceil((this.runs * this.meanRunMs) / processes);
    return new WorkerUnavailable('busy', message, aheadMs > 0 ? aheadMs : undefined);
  }

  /** What has no bytes here is left out: whoever has it loaded is told why. */
  private async lease(): Promise<void> {
    const files = await Promise.all(
      this.leases.models().map(async ({ sha256, rows }) => {
        const file = await this.needs.files
          .of(sha256)
          .catch((error: unknown) => this.unreadable(sha256, error));
        return file ? [{ file, rows }] : [];
      }),
    );
    this.needs.backend.lease(files.flat());
  }

  private unreadable(sha256: string, err: unknown): ModelFile | null {
    this.needs.logger.debug({ sha256, err }, 'a model that is to be held here cannot be read');
    return null;
  }
}

/** @throws InvalidInput where bytes are not what datatype and shape say */
function tensorsOf(inputs: readonly TensorInput[]): readonly Tensor[] {
  const check = new InputCheck();
  const tensors = inputs.flatMap((input, index) => {
    const path = `inputs[${index}]`;
    const datatype = DATATYPES.find((known) => known === input.datatype);
    if (datatype === undefined)
      check.add(`${path}.datatype`, `one of ${DATATYPES.join(', ')}`, input.datatype);
    const shape = input.shape.map(Number);
    const tensor = datatype && tensorFromJson(input, { name: input.name, datatype, shape }, path, check);
    return tensor ? [tensor] : [];
  });
  const refused = check.result();
  if (refused) throw new InvalidInput(refused.message);
  return tensors;
}
