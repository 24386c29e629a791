import type { Answer, ApiClient } from './api-client';

/** Endpoints and predictions as a client sees them; each answers the member of the result union. */
export async function deployEndpoint(
  server: ApiClient,
  name: string,
  variants: object[],
  expectedRevision?: number,
): Promise<Answer['data']> {
  const query = `mutation ($input: DeployEndpointInput!) { deployEndpoint(input: $input) {
    __typename ... on DeployEndpointSuccess { created endpoint { id revision variants { name ref weight shadow version { number } } } }
    ... on InvalidInputError { issues { path expected actual } } ... on RevisionConflictError { actualRevision }
    ... on UserError { code message } } }`;
  return (await server.data(query, { input: { name, variants, expectedRevision } })).deployEndpoint;
}

export async function predict(server: ApiClient, input: object): Promise<Answer['data']> {
  const query = `mutation ($input: PredictInput!) { predict(input: $input) {
    __typename
    ... on PredictSuccess { predictionId rows outputs version { ref number } variant cached batchSize timing { queueMs computeMs totalMs } }
    ... on InvalidInputError { issues { path expected actual } }
    ... on UnavailableError { retryable } ... on OverloadedError { retryAfterMs }
    ... on UserError { code message } } }`;
  return (await server.data(query, { input })).predict;
}
