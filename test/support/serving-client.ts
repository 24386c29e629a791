import type { ApiClient, Member } from './api-client';

type Deployed = Member & {
  readonly created: boolean;
  readonly endpoint: { readonly id: string; readonly name: string; readonly revision: number };
  readonly actualRevision: number;
};
interface OutputTensor {
  readonly name: string;
  readonly data: readonly unknown[];
  /** Instead of `data`, where bytes were asked for. */
  readonly base64: string;
}
type Predicted = Member & {
  readonly predictionId: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[] | null;
  readonly outputs: readonly OutputTensor[];
  readonly version: { readonly ref: string; readonly number: string };
  readonly variant: string | null;
  readonly cached: boolean;
  readonly batchSize: number;
  readonly retryableAfterMs?: number | null;
  readonly timing: { readonly queueMs: number; readonly computeMs: number; readonly totalMs: number };
};

/** Endpoints and predictions as a client sees them; each answers the member of the result union. */
export async function deployEndpoint(
  server: ApiClient,
  name: string,
  variants: object[],
  expectedRevision?: number,
  settings?: object,
): Promise<Deployed> {
  const query = `mutation ($input: DeployEndpointInput!) { deployEndpoint(input: $input) {
    __typename ... on DeployEndpointSuccess { created endpoint { id revision variants { name ref weight shadow version { number } } } }
    ... on InvalidInputError { issues { path expected actual } } ... on RevisionConflictError { actualRevision }
    ... on UserError { code message } } }`;
  const input = { name, variants, expectedRevision, settings };
  return (await server.data<{ deployEndpoint: Deployed }>(query, { input })).deployEndpoint;
}

export async function predict(server: ApiClient, input: object): Promise<Predicted> {
  const query = `mutation ($input: PredictInput!) { predict(input: $input) {
    __typename
    ... on PredictSuccess { predictionId rows outputs version { ref number } variant cached batchSize timing { queueMs computeMs totalMs } }
    ... on InvalidInputError { issues { path expected actual } }
    ... on UnavailableError { retryable retryableAfterMs } ... on OverloadedError { retryAfterMs }
    ... on UserError { code message } } }`;
  return (await server.data<{ predict: Predicted }>(query, { input })).predict;
}
