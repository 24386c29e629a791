import type { Id } from '../../kernel/ids';
import type { TensorSpec } from '../../kernel/tensors/tensor';
import type { ColumnPlace } from '../../registry/registry';
import type { Inspection, Latency, WorkerStatus } from '../execution/backend';
import type { UsedGpu } from '../gpu/gpu-reading';

/**
 * What `api` and `worker` processes say to each other where the Open Inference Protocol has no words: methods of one
 * more gRPC service on the same door, with JSON both ways. Predictions, loading and unloading are that protocol's own
 * calls, with an artifact's SHA-256 as the model's name.
 */

export type WorkerNodeId = Id<'worker-node'>;
export type ApiProcessId = Id<'api-process'>;

/** A model that an `api` process wants its worker to hold. */
export interface LeasedName {
  readonly sha256: string;
  /** Rows of the largest batch to expect. */
  readonly rows: number;
}

/** Of the worker's processes, how many may hold a model. */
export interface InstanceLimit {
  readonly sha256: string;
  readonly instances: number;
}

/** Said again and again: who asks, and what it has placed here. */
export interface Attend {
  readonly api: ApiProcessId;
  readonly leases: readonly LeasedName[];
  /** Of models that not all processes may hold; `api` processes of earlier releases say none. */
  readonly limits?: readonly InstanceLimit[];
}

/** A model that a worker would refuse to run. */
export interface RefusedModel {
  readonly sha256: string;
  readonly reason: string;
  /** After which one run may try it, in ms; 0: one may now. Workers of earlier releases do not say. */
  readonly retryAfterMs?: number;
}

/** How a worker process is doing. */
export interface Attendance {
  /** Another one after each start. */
  readonly id: WorkerNodeId;
  /** `host:port`, as the worker calls itself: the same for all who ask. */
  readonly name: string;
  /** It is leaving: it answers what it has, and wants nothing new. */
  readonly isDraining: boolean;
  /** `api` processes that attend it, the asker among them; workers of earlier releases do not say. */
  readonly apis?: number;
  readonly workers: readonly WorkerStatus[];
  /** Of the models leased here: those that it would refuse to run at the moment. */
  readonly refused: readonly RefusedModel[];
}

/** What each method is asked and answers. */
export interface WorkerCalls {
  readonly attend: { readonly asked: Attend; readonly answer: Attendance };
  readonly inspect: { readonly asked: { readonly sha256: string }; readonly answer: Inspection };
  readonly nullable: {
    readonly asked: { readonly sha256: string; readonly columns: readonly ColumnPlace[] };
    readonly answer: readonly boolean[];
  };
  readonly measureLatency: {
    readonly asked: {
      readonly sha256: string;
      readonly samples: number;
      readonly inputs: readonly (TensorSpec & { readonly base64: string })[];
    };
    readonly answer: Latency;
  };
  /** Asked only while somebody looks, since each answer may cost a reading. Workers are told by their own numbers. */
  readonly gpus: { readonly asked: Readonly<Record<string, never>>; readonly answer: readonly UsedGpu[] };
}
export type WorkerMethod = keyof WorkerCalls;

export const WORKER_METHODS: Readonly<Record<WorkerMethod, string>> = {
  attend: '/modelgraph.Worker/Attend',
  inspect: '/modelgraph.Worker/Inspect',
  nullable: '/modelgraph.Worker/Nullable',
  measureLatency: '/modelgraph.Worker/MeasureLatency',
  gpus: '/modelgraph.Worker/Gpus',
};

/** In the trailing metadata of a call that was refused: an `UnavailableReason`, or INVALID_INPUT. */
export const REASON_KEY = 'modelgraph-reason';
export const INVALID_INPUT = 'invalid-input';
/** In the trailing metadata of an answer: milliseconds inside the runtime. */
export const COMPUTE_MS_KEY = 'modelgraph-compute-ms';
/** And those of waiting for a process of the worker; absent: none. */
export const WAITED_MS_KEY = 'modelgraph-waited-ms';
/** In the parameters of RepositoryModelLoad: rows of the largest batch to warm up for. */
export const ROWS_PARAMETER = 'rows';

/** Largest message between the two, in bytes: the frames that go on to a worker's processes have the same limit. */
export const MAX_CALL_BYTES = 1 << 30;
