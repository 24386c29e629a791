import { operation } from '../../client/operations/operation';

export interface Warmed {
  readonly computed: number;
  readonly alreadyThere: number;
  readonly refused: number;
  readonly reasons: readonly string[];
  readonly isComplete: boolean;
}
interface Refused {
  readonly code: string;
  readonly message: string;
}

/** Asks questions of an endpoint before callers do, for half a minute at most. */
export const WARM_CACHE = operation<
  { readonly result: Warmed | Refused },
  {
    readonly input: {
      readonly endpoint: string;
      readonly artifact: { readonly sha256: string } | null;
      readonly popular: number | null;
    };
  }
>(`mutation WarmCache($input: WarmCacheInput!) {
  result: warmCache(input: $input) {
    __typename ... on WarmCacheSuccess { computed alreadyThere refused reasons isComplete }
    ... on UserError { code message }
  }
}`);
