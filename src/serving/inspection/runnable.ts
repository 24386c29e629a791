import type { Tensor } from '../../kernel/tensors/tensor';

/** A model that can be run, here or at a remote. */
export interface Runnable {
  /** All outputs, in the model's order. Rejects where inputs and model do not fit. */
  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  /** Whether an error says nothing of the inputs, so that it is of no use to try others. */
  isFatal(error: unknown): boolean;
  /** What an error says, in words for people. */
  wordsOf(error: unknown): string;
}
