import { operation } from '../../client/operations/operation';
import type { Refusal } from './refusal';

interface PredictInput {
  readonly endpoint?: string;
  readonly ref?: string;
  readonly rows?: readonly object[];
  readonly inputs?: readonly object[];
}
export interface Predictions {
  readonly __typename: 'PredictSuccess';
  readonly rows?: readonly object[] | null;
  readonly outputs?: readonly object[];
}
export interface NotPredicted extends Refusal {
  readonly __typename: `${string}Error`;
  /** When it may be asked again, in ms. */
  readonly retryAfterMs?: number;
}
interface Predicted {
  readonly predict: Predictions | NotPredicted;
}

const REFUSED =
  '... on UserError { code message } ... on InvalidInputError { issues { path expected actual } } ' +
  '... on OverloadedError { retryAfterMs }';

/**
 * What an application asks that sends rows. `__typename` comes first, so that an answer shows at its beginning what it
 * is.
 */
export const PREDICT_ROWS = operation<Predicted, { readonly input: PredictInput }>(
  'mutation PredictRows($input: PredictInput!) { predict(input: $input) ' +
    `{ __typename ... on PredictSuccess { predictionId rows } ${REFUSED} } }`,
);

/** The same for one that sends tensors. */
export const PREDICT_TENSORS = operation<Predicted, { readonly input: PredictInput }>(
  'mutation PredictTensors($input: PredictInput!) { predict(input: $input) ' +
    `{ __typename ... on PredictSuccess { predictionId outputs } ${REFUSED} } }`,
);
