import type { LocalFile } from '../../kernel/artifacts/artifacts';
import type { Tensor, TensorSpec } from '../../kernel/tensors/tensor';
import type { ColumnPlace, Signature } from '../../registry/registry';
import type { Sequence } from './sequence';
import type { RemoteDocument } from './remote-document';

/** How many workers may hold a model, by its SHA-256; all of them may hold one that is not here. */
export type InstanceLimits = ReadonlyMap<string, number>;

/** A model's bytes in the artifact store. */
export type ModelFile = ModelFacts & (FixedFile | StoredFile);

interface FixedFile {
  /** Absolute path of a file that holds exactly these bytes and does not change. */
  readonly path: string;
}

interface StoredFile {
  readonly sizeBytes: number;
  /** Such a file, for as long as it is needed. Throws `ArtifactLost`, or what the store says where it is away. */
  readonly lease: () => Promise<LocalFile>;
}

interface ModelFacts {
  readonly sha256: string;
  /** Where the bytes are no model, but say which server has it; absent: they are ONNX. */
  readonly remote?: RemoteDocument;
  /** What the version was registered with; absent while it is. */
  readonly declared?: Pick<Signature, 'inputs' | 'outputs' | 'batchable'>;
}

/** A model that endpoints run. */
export interface LeasedModel {
  readonly file: ModelFile;
  /** Rows of the largest batch to expect; 1 where rows of callers cannot share a run. */
  readonly rows: number;
}

/** The backend whose runs take our workers' time; others take that of servers which are not ours. */
export const ON_WORKERS = 'onnx';

/** What has computed an answer: one object for all answers of a process, since each of them carries it. */
export interface RanOn {
  /** The kind of backend: `onnx`, `open-inference`, `tf-serving`. */
  readonly backend: string;
  /** The execution provider: `cpu`, `cuda`, …; null where the backend does not tell. */
  readonly provider: string | null;
}

export interface RunResult {
  /** In the order asked for, or in the model's; data may be views into memory that the run owns. */
  readonly outputs: readonly Tensor[];
  /** Time inside the runtime, without the way there and back. */
  readonly computeMs: number;
  /** How long it waited inside the backend for a process to be free, in ms; absent: not at all. */
  readonly waitedMs?: number;
  /** Absent where it cannot be known. */
  readonly ranOn?: RanOn;
}

export interface RunOptions {
  /** The server's wall-clock limit of one run, never a caller's deadline: past it the worker is killed. */
  readonly timeoutMs: number;
  /** Names of the outputs wanted; absent or empty: all. */
  readonly outputs?: readonly string[] | undefined;
  /**
   * Aborted where nobody waits for the answer any more; given in lanes that can stop a run. What a process of ours has
   * begun goes on to its end: it is not killed for that.
   */
  readonly signal?: AbortSignal | undefined;
  /** Of a question to a remote that remembers: it is asked once, whatever becomes of the answer. */
  readonly sequence?: Sequence | undefined;
  /**
   * Whether several callers wait for it: there are others, then, who need the processor that waiting awake would take.
   */
  readonly shared?: boolean;
  /** Whether it is the second try of a caller who has shared a run that ended its worker: there is no third. */
  readonly suspect?: boolean;
}

/** What was found in a model file, or at the server that has the model. */
export type Inspection =
  | {
      readonly ok: true;
      /** What a caller must send; inputs that the file gives a value for are left out. */
      readonly inputs: readonly TensorSpec[];
      readonly outputs: readonly TensorSpec[];
      /** True where rows of different callers may share one run: proven by running, not only declared. */
      readonly batchable: boolean;
      /** Why the model could not be run with made-up inputs, in the runtime's words; absent where it ran. */
      readonly unproven?: string;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A model that ends processes, and that nobody runs for a time. */
export interface HeldBackModel {
  readonly sha256: string;
  /** Why, and for how long still. */
  readonly reason: string;
}

/** An execution provider that is not used, and why. */
export interface SkippedProvider {
  readonly provider: string;
  readonly reason: string;
}

/** `down`: died or did not start, and waits to be started again. */
export type WorkerState = 'starting' | 'idle' | 'busy' | 'down' | 'stopped';

export interface WorkerStatus {
  readonly id: number;
  /** `host:port` of the node that it belongs to; absent: it is this process's own. */
  readonly node?: string;
  /** `api` processes that it runs for, of which this one bears its share of what it costs; absent: this one alone. */
  readonly sharers?: number;
  readonly pid: number | null;
  readonly state: WorkerState;
  /** Why its node does not answer, and since when, in sentences; absent or null where it does. */
  readonly problem?: string | null;
  /** The execution provider in use, and why those preferred to it are not. */
  readonly provider: string | null;
  readonly skippedProviders: readonly SkippedProvider[];
  /** Times it was started again since the server began. */
  readonly restarts: number;
  /** SHA-256 of the models it holds, least recently used first. */
  readonly models: readonly string[];
  /**
   * Main memory that each of them was seen to take, in bytes; absent where it cannot be known. It goes over the wire.
   */
  readonly modelBytes?: Readonly<Record<string, number>>;
  /** Those that its node runs for nobody at the moment; absent: none. It goes over the wire. */
  readonly heldBack?: readonly HeldBackModel[];
  /** Size of its process, as last told; null where there is none. */
  readonly rssBytes: number | null;
  /** What it may take. */
  readonly budgetBytes: number;
}

/**
 * Where runs take turns: the workers together, or one remote server. Lanes do not wait for each other, so that a model
 * that is slow somewhere holds up none that runs elsewhere.
 */
export interface Lane {
  /**
   * Runs that would start at once. Asked again and again: it must cost nothing.
   *
   * @param sha256 of which model; absent: of one that every worker may hold
   */
  idleCount(sha256?: string): number;
  /** Whether a run can be stopped that nobody waits for any more. Absent: it goes on to its end. */
  readonly canStop?: boolean;
}

/** What executes models. One file per runtime stands behind it. */
export interface Backend {
  /** What a model takes and gives, found by reading and trying it; a refusal where it cannot be served. */
  inspect(file: ModelFile): Promise<Inspection>;

  /**
   * Latency of single-row runs after warm-up, without the way to the worker and back.
   *
   * @param samples number of runs, at most 10,000
   * @param inputs one row; absent: made-up values of the declared shapes
   * @throws InvalidInput where the model accepts no made-up values, WorkerUnavailable where it cannot be run
   */
  measureLatency(file: ModelFile, samples: number, inputs?: readonly Tensor[]): Promise<Latency>;

  /**
   * For each column, whether the model was seen to answer without NaN where only that value is missing. A model that
   * dies or hangs over a missing value can do without none.
   *
   * @throws WorkerUnavailable where it cannot be tried
   */
  nullable(file: ModelFile, columns: readonly ColumnPlace[]): Promise<readonly boolean[]>;

  /**
   * Makes the model ready on every worker that is up, on one after the other where endpoints have traffic. Asked again
   * meanwhile, it waits for the same.
   *
   * @param rows of the largest batch to warm up for; absent: only loads
   * @throws WorkerUnavailable where no worker can have it
   */
  load(file: ModelFile, rows?: number): Promise<void>;

  /** Whether a worker that is up holds it. */
  holds(sha256: string): boolean;

  /**
   * The models that endpoints run from now on. They go last where memory is short, and are what a worker is given first
   * that comes back. Those no longer among them are kept until everybody who was sent to them has an answer.
   */
  lease(models: readonly LeasedModel[]): void;

  /** How many workers may hold a model from now on, where that is not all of them. */
  limit(limits: InstanceLimits): void;

  /** Frees the memory that it takes on workers; whoever runs it again has it loaded again. */
  unload(file: ModelFile): Promise<void>;

  /** Why a run of the model would be refused at the moment; null where it would not. */
  whyNot(sha256: string): string | null;

  /**
   * Takes a place in the model's lane before it returns, or waits for one.
   *
   * @param inputs belong to the backend until the promise settles
   * @throws InvalidInput where the runtime refuses the values, WorkerUnavailable where no worker answers
   */
  run(file: ModelFile, inputs: readonly Tensor[], options: RunOptions): Promise<RunResult>;

  /** Where the model's runs take turns: the same object for as long as the backend lives. */
  lane(file: ModelFile): Lane;

  /** Calls the listener each time a lane has room again and nothing waits for it inside the backend. */
  onIdle(listener: () => void): void;

  status(): readonly WorkerStatus[];
}
