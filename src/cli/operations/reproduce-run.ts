import { operation } from '../../client/operations/operation';
import type { RunArtifact } from './run-artifacts';

export interface Reproduction {
  readonly script: string;
  readonly missing: readonly { readonly message: string; readonly isBlocking: boolean }[];
  readonly steps: readonly { readonly kind: string; readonly artifact: RunArtifact | null }[];
}

/** Everything that is needed to do a run again. */
export const REPRODUCE_RUN = operation<
  { readonly run: { readonly reproduce: Reproduction } | null },
  { readonly id: string }
>(`query ReproduceRun($id: ID!) {
  run(id: $id) {
    reproduce { script missing { message isBlocking } steps { kind artifact { path sha256 sizeBytes } } }
  }
}`);
