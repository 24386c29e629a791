import type { Artifact } from '../kernel/artifacts/artifact';
import type { TensorSpec } from '../kernel/tensors/tensor';
import type { ColumnPlace } from './contract/signature';

export type ModelInspection =
  | {
      readonly ok: true;
      /** What a caller must send; inputs that the file gives a value for are left out. */
      readonly inputs: readonly TensorSpec[];
      readonly outputs: readonly TensorSpec[];
      readonly batchable: boolean;
      /** A model file, or a document that says which server has the model. */
      readonly format: 'ONNX' | 'REMOTE';
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * What the registry must know of a model file and may not find out itself, since native code runs in workers only.
 * Serving implements it; `compose.ts` joins the two. Every method may throw UNAVAILABLE.
 */
export interface ModelInspector {
  /** Reads the file on a worker and proves that it runs. */
  inspect(artifact: Artifact): Promise<ModelInspection>;
  /** For each column, whether the model answers without NaN when the value is missing. */
  nullable(artifact: Artifact, columns: readonly ColumnPlace[]): Promise<readonly boolean[]>;
  /** Answer times of single rows on a worker, after a warm-up. */
  measureLatency(
    artifact: Artifact,
    samples: number,
  ): Promise<{ readonly p50Ms: number; readonly p99Ms: number }>;
}
