import type { JsonDouble } from '../../client/exact-numbers';
import { operation } from '../../client/operations/operation';
import type { KeyValue, RunStatus } from '../../client/operations/runs';

export interface FoundRun {
  readonly id: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly experiment: { readonly name: string };
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly metrics: readonly { readonly key: string; readonly last: JsonDouble }[];
}

export interface RunPage {
  readonly nodes: readonly FoundRun[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export const SEARCH_RUNS = operation<
  { readonly runs: RunPage },
  {
    readonly experiments: readonly string[] | null;
    readonly filter: string | null;
    readonly orderBy: readonly string[] | null;
    readonly first: number;
    readonly after: string | null;
  }
>(`query SearchRuns($experiments: [String!], $filter: String, $orderBy: [String!], $first: Int, $after: String) {
  runs(experiments: $experiments, filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes {
      id name status startedAt endedAt experiment { name }
      params { key value } tags { key value } metrics { key last }
    }
    pageInfo { hasNextPage endCursor }
  }
}`);
