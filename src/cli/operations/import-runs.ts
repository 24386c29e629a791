import type { JsonInteger } from '../../client/exact-numbers';
import { operation } from '../../client/operations/operation';
import type { KeyValue, RunStatus } from '../../client/operations/runs';

export interface ImportedRun {
  readonly id: string;
  readonly status: RunStatus;
  readonly deletedAt: string | null;
  readonly experiment: { readonly id: string; readonly deletedAt: string | null };
  readonly tags: readonly KeyValue[];
}

/** Runs that an import has brought, deleted ones too. */
export const IMPORTED_RUNS = operation<
  { readonly runs: { readonly nodes: readonly ImportedRun[] } },
  { readonly filter: string; readonly first: number }
>(`query ImportedRuns($filter: String!, $first: Int!) {
  runs(filter: $filter, first: $first, view: ALL, orderBy: ["start_time ASC"]) {
    nodes { id status deletedAt experiment { id deletedAt } tags { key value } }
  }
}`);

export interface StoredParts {
  readonly metrics: readonly {
    readonly key: string;
    readonly count: JsonInteger;
    readonly dataset: { readonly id: string } | null;
  }[];
  readonly artifacts: readonly { readonly path: string; readonly sizeBytes: JsonInteger }[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}

/** What of a run has come already. */
export const STORED_PARTS = operation<
  { readonly run: StoredParts | null },
  { readonly id: string }
>(`query StoredParts($id: ID!) {
  run(id: $id) {
    metrics { key count dataset { id } } artifacts { path sizeBytes } params { key value } tags { key value }
  }
}`);

export interface FoundExperiment {
  readonly id: string;
  readonly deletedAt: string | null;
  readonly tags: readonly KeyValue[];
}

export const EXPERIMENT = operation<
  { readonly experiment: FoundExperiment | null },
  { readonly name: string }
>(`query ImportedExperiment($name: String!) { experiment(name: $name) { id deletedAt tags { key value } } }`);

interface Refusal {
  readonly __typename: `${string}Error`;
  readonly code: string;
  readonly message: string;
}

export const UPDATE_RUN = operation<
  { readonly result: { readonly __typename: 'UpdateRunSuccess' } | Refusal },
  { readonly input: { readonly runId: string; readonly tags: readonly KeyValue[] } }
>(`mutation UpdateImportedRun($input: UpdateRunInput!) {
  result: updateRun(input: $input) { __typename ... on UserError { code message } }
}`);
