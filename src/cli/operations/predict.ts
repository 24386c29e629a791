import { operation } from '../../client/operations/operation';

interface PredictInput {
  readonly endpoint?: string;
  readonly ref?: string;
  readonly rows?: readonly object[];
  readonly inputs?: readonly object[];
}
interface Predicted {
  readonly predict: { readonly __typename: string; readonly code?: string; readonly message?: string };
}

/** What an application asks that sends rows. `__typename` comes first, so that an answer shows at its beginning what it is. */
export const PREDICT_ROWS = operation<Predicted, { readonly input: PredictInput }>(
  'mutation PredictRows($input: PredictInput!) { predict(input: $input) ' +
    '{ __typename ... on PredictSuccess { predictionId rows } ... on UserError { code message } } }',
);

/** The same for one that sends tensors. */
export const PREDICT_TENSORS = operation<Predicted, { readonly input: PredictInput }>(
  'mutation PredictTensors($input: PredictInput!) { predict(input: $input) ' +
    '{ __typename ... on PredictSuccess { predictionId outputs } ... on UserError { code message } } }',
);
