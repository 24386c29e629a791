import type { Outcome } from '../outcome';
import { operation } from './operation';

export type JsonRow = Readonly<Record<string, unknown>>;

export interface Endpoint {
  readonly id: string;
  readonly name: string;
  readonly revision: number;
  readonly variants: readonly {
    readonly ref: string;
    readonly version: { readonly ref: string } | null;
    readonly weight: number;
  }[];
}

interface DeployEndpointInput {
  readonly name: string;
  readonly variants: readonly { ref: string; weight: number }[];
  readonly expectedRevision?: number;
}

export interface Prediction {
  readonly predictionId: string;
  readonly rows: readonly JsonRow[] | null;
  readonly version: { readonly ref: string };
  readonly batchSize: number;
  readonly timing: { readonly totalMs: number };
}

export const ENDPOINT = operation<{ readonly endpoint: Endpoint | null }, { readonly name: string }>(`
  query Endpoint($name: String!) {
    endpoint(name: $name) { id name revision variants { ref version { ref } weight } }
  }
`);

export const DEPLOY_ENDPOINT = operation<
  {
    readonly deployEndpoint: Outcome<
      'DeployEndpointSuccess',
      { readonly created: boolean; readonly endpoint: Endpoint }
    >;
  },
  { readonly input: DeployEndpointInput }
>(`
  mutation DeployEndpoint($input: DeployEndpointInput!) {
    deployEndpoint(input: $input) {
      __typename
      ... on DeployEndpointSuccess {
        created
        endpoint { id name revision variants { ref version { ref } weight } }
      }
      ... on UserError { code message }
      ... on RevisionConflictError { actualRevision }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);

export const PREDICT = operation<
  { readonly predict: Outcome<'PredictSuccess', Prediction> },
  { readonly input: { endpoint: string; rows: readonly JsonRow[] } }
>(`
  mutation Predict($input: PredictInput!) {
    predict(input: $input) {
      __typename
      ... on PredictSuccess { predictionId rows version { ref } batchSize timing { totalMs } }
      ... on UserError { code message }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);

/** The least that an application asks for: the answer. */
export const PREDICT_BRIEFLY = operation<
  { readonly predict: Outcome<'PredictSuccess', { readonly rows: readonly JsonRow[] | null }> },
  { readonly input: { endpoint: string; rows: readonly JsonRow[] } }
>(
  'mutation Predict($input: PredictInput!) ' +
    '{ predict(input: $input) { __typename ... on PredictSuccess { rows } ... on UserError { code message } } }',
);
