import type { Datatype } from '../../kernel/tensors/tensor';
import type { ColumnPlace } from '../../registry/registry';
import type { Inspection, SkippedProvider } from '../execution/backend';

/** What the parent asks. A worker does one thing at a time, in the order asked, but for what it loads aside. */
export type Command =
  | { readonly type: 'inspect'; readonly path: string }
  /**
   * `rows`: of the largest batch to warm up for; absent: no warm-up, since a run waits for the model. `aside`: in a
   * thread of its own, so that others are run meanwhile.
   */
  | {
      readonly type: 'load';
      readonly sha256: string;
      readonly path: string;
      readonly rows?: number;
      readonly aside?: boolean;
    }
  | { readonly type: 'unload'; readonly sha256: string }
  | { readonly type: 'free-memory' }
  /** `shared`: as RunOptions has it. */
  | {
      readonly type: 'run';
      readonly sha256: string;
      readonly outputs?: readonly string[] | undefined;
      readonly shared?: boolean | undefined;
    }
  | { readonly type: 'measure'; readonly path: string; readonly samples: number }
  | { readonly type: 'try-missing'; readonly path: string; readonly columns: readonly ColumnPlace[] }
  | { readonly type: 'stop' };

/**
 * Why a command failed while the worker lives: the inputs do not fit the model, the model does not load,
 * or the machine gave no memory for it.
 */
export type FailureKind = 'invalid-input' | 'load-failed' | 'out-of-memory';

export type Reply =
  /** A model was loaded or let go of, or garbage was; the size of the process tells what that made of it. */
  | { readonly type: 'done'; readonly rssBytes: number }
  | { readonly type: 'inspected'; readonly inspection: Inspection }
  /** `rssBytes`: now and then, since asking the system takes as long as a small run. */
  | { readonly type: 'ran'; readonly computeMs: number; readonly rssBytes?: number }
  | { readonly type: 'measured'; readonly p50Ms: number; readonly p99Ms: number }
  /** For each column, whether the model answers without NaN where only that value is missing. */
  | { readonly type: 'tried-missing'; readonly answers: readonly boolean[] }
  | { readonly type: 'failed'; readonly kind: FailureKind; readonly message: string };

/** What a worker says by itself, once, before any reply. */
export type Greeting =
  | {
      readonly type: 'ready';
      readonly provider: string;
      readonly skipped: readonly SkippedProvider[];
      /** Size of the process without any model. */
      readonly rssBytes: number;
    }
  | { readonly type: 'unfit'; readonly skipped: readonly SkippedProvider[] };

export type Body = Command | Reply | Greeting;

/** A tensor's description in a frame's header; its bytes follow in the payload, in the same order. */
export type TensorHeader = readonly [
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  byteLength: number,
];

export interface FrameHeader<B extends Body = Body> {
  /** Pairs a reply with its command; 0 is the greeting. */
  readonly id: number;
  readonly body: B;
  readonly tensors: readonly TensorHeader[];
}

/** Settings of a worker, given to the child as one argument of JSON. */
export interface WorkerSettings {
  /** Execution providers in the order of preference. */
  readonly providers: readonly string[];
  /** Threads of one run. More than one helps a single large model on an otherwise idle machine only. */
  readonly intraOpNumThreads: number;
  /** The process that owns the worker; the worker dies with it. */
  readonly parentPid: number;
}
