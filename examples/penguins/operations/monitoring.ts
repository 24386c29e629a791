import { operation } from './operation';

interface Quantiles {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface LatencyWindow {
  readonly from: string;
  readonly to: string;
  readonly total: {
    readonly requestsPerSecond: number;
    readonly errorRate: number;
    readonly meanBatchSize: number | null;
    readonly total: Quantiles;
  };
}

export type EndpointLatencyEvent =
  | { readonly __typename: 'EndpointLatencySnapshot'; readonly windows: readonly LatencyWindow[] }
  | { readonly __typename: 'EndpointLatencyAppended'; readonly window: LatencyWindow }
  | { readonly __typename: 'EndpointChanged' };

export const ENDPOINT_LATENCY = operation<
  { readonly endpointLatency: EndpointLatencyEvent },
  { readonly endpoint: string; readonly intervalMs: number }
>(`
  subscription EndpointLatency($endpoint: String!, $intervalMs: Int!) {
    endpointLatency(endpoint: $endpoint, intervalMs: $intervalMs) {
      __typename
      ... on EndpointLatencySnapshot { windows { ...Window } }
      ... on EndpointLatencyAppended { window { ...Window } }
    }
  }
  fragment Window on LatencyWindow {
    from
    to
    total { requestsPerSecond errorRate meanBatchSize total { p50Ms p99Ms } }
  }
`);
