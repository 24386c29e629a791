import { operation } from '../../client/operations/operation';

export interface Purged {
  readonly runs: number;
  readonly experiments: number;
  readonly runsInUse: number;
  readonly hasMore: boolean;
}
interface Refused {
  readonly code: string;
  readonly message: string;
}

/** The id of an experiment by its name; null where there is none. */
export const EXPERIMENT_ID = operation<
  { readonly experiment: { readonly id: string } | null },
  { readonly name: string }
>(`query ExperimentId($name: String!) { experiment(name: $name) { id } }`);

/** Takes for good what was deleted before a time, a part with each call. */
export const PURGE_DELETED = operation<
  { readonly result: Purged | Refused },
  {
    readonly input: {
      readonly deletedBefore: string;
      readonly experimentIds: readonly string[] | null;
      readonly dryRun: boolean;
    };
  }
>(`mutation PurgeDeleted($input: PurgeDeletedInput!) {
  result: purgeDeleted(input: $input) {
    __typename ... on PurgeDeletedSuccess { runs experiments runsInUse hasMore }
    ... on UserError { code message }
  }
}`);

/** Takes runs for good: all or none. */
export const PURGE_RUNS = operation<
  { readonly result: { readonly runs: number } | Refused },
  { readonly input: { readonly runIds: readonly string[]; readonly force: boolean } }
>(`mutation PurgeRuns($input: PurgeRunsInput!) {
  result: purgeRuns(input: $input) {
    __typename ... on PurgeRunsSuccess { runs } ... on UserError { code message }
  }
}`);
