import { operation } from '../../client/operations/operation';

export interface RunArtifact {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number | string;
}

/** The files of a run. */
export const RUN_ARTIFACTS = operation<
  { readonly run: { readonly artifacts: readonly RunArtifact[] } | null },
  { readonly id: string }
>(`query RunArtifacts($id: ID!) { run(id: $id) { artifacts { path sha256 sizeBytes } } }`);
