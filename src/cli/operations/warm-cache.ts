import { operation } from '../../client/operations/operation';
import type { Refusal } from './refusal';

export interface Warmed {
  readonly computed: number;
  readonly alreadyThere: number;
  readonly refused: number;
  readonly reasons: readonly string[];
  readonly isComplete: boolean;
}

/** Asks questions of an endpoint before callers do, for half a minute at most. */
export const WARM_CACHE = operation<
  { readonly result: Warmed | Refusal },
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
