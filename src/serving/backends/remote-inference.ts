import type { Tensor, TensorSpec } from '../../kernel/tensors/tensor';
import type { SaidTensors } from '../execution/remote-document';
import type { Sequence } from '../execution/sequence';

/** How long a call may take, and who may end it before. */
export interface CallLimits {
  /** In ms, from now to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Aborted where nobody wants the answer any more: the call is cancelled at the remote, too. */
  readonly signal?: AbortSignal;
}

/** A model of a remote server. */
export interface RemoteModel {
  readonly name: string;
  /** As the remote calls it; empty: the remote chooses. */
  readonly version: string;
}

/** What a remote says of a model, as it says it: names, datatypes and shapes are bounded, and not checked. */
export interface RemoteMetadata extends SaidTensors {
  readonly versions: readonly string[];
  readonly platform: string;
}

export interface RemoteQuestion {
  readonly model: RemoteModel;
  /** Belong to the client until the call has ended. */
  readonly inputs: readonly Tensor[];
  /** Names of the outputs wanted; absent or empty: all. */
  readonly outputs?: readonly string[];
  /** Only where the remote speaks the Open Inference Protocol. */
  readonly sequence?: Sequence;
  /** The outputs that the model declares: some protocols name no datatypes in their answers. */
  readonly declared: readonly TensorSpec[];
}

/**
 * A server of another program that answers inferences. Every method rejects with a RemoteFailure, and with nothing
 * else, where the remote does not do what its protocol says.
 */
export interface RemoteInference {
  /** Whether the server is up and ready to answer. */
  serverReady(limits: CallLimits): Promise<boolean>;
  modelReady(model: RemoteModel, limits: CallLimits): Promise<boolean>;
  modelMetadata(model: RemoteModel, limits: CallLimits): Promise<RemoteMetadata>;
  /**
   * The answer's tensors, in the remote's order: well-formed, each as long as its own shape says; whether they are what
   * the model declares, the caller checks. They may be views into the message that they came in.
   */
  infer(question: RemoteQuestion, limits: CallLimits): Promise<readonly Tensor[]>;
  /** Closes the connections; calls in flight fail. */
  close(): void;
}
