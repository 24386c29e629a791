import type { Answer } from './connection';
import {
  BATCH_ROWS,
  batches,
  expectedNumbers,
  HEAVY_INPUT,
  HEAVY_TOLERANCE,
  HEAVY_WIDTH,
  heavyRow,
} from './heavy-model';
import { graphqlBase64, json, numbersInBytes, openInferenceBytes, parsed, type Body } from './target';

/** The endpoint of the model that takes its time. */
export const HEAVY_ENDPOINT = 'heavy';

const PREDICT = `mutation Predict($input: PredictInput!) {
  predict(input: $input) {
    __typename
    ... on PredictSuccess { predictionId outputs }
    ... on UserError { code message }
  }
}`;

const singleRows = batches.flatMap((batch) =>
  Array.from({ length: BATCH_ROWS }, (_, row) => heavyRow(batch, row)),
);

interface Predicted {
  readonly data?: { readonly predict?: { readonly outputs?: readonly { readonly data?: unknown }[] } };
}

const target = (
  path: string,
  questions: readonly Float32Array[],
  body: (rows: Float32Array) => Body,
  mark: string,
  read: (answer: Answer) => unknown,
) => ({
  path,
  bodies: () => questions.map(body),
  mark,
  numbers: { read, expected: () => questions.map(expectedNumbers), tolerance: HEAVY_TOLERANCE },
});

const tensor = (rows: Float32Array) => ({
  name: HEAVY_INPUT,
  shape: [rows.length / HEAVY_WIDTH, HEAVY_WIDTH],
});

const graphql = (questions: readonly Float32Array[]) =>
  target(
    '/graphql',
    questions,
    (rows) =>
      json({
        query: PREDICT,
        variables: { input: { endpoint: HEAVY_ENDPOINT, inputs: [graphqlBase64(tensor(rows), rows)] } },
      }),
    '"PredictSuccess"',
    (answer) => parsed<Predicted>(answer).data?.predict?.outputs?.[0]?.data,
  );

const binary = (questions: readonly Float32Array[]) =>
  target(
    `/v2/models/${HEAVY_ENDPOINT}/infer`,
    questions,
    (rows) => openInferenceBytes(tensor(rows), rows),
    '"outputs"',
    numbersInBytes,
  );

/** A request that is a whole batch, or one row, which the server puts into batches itself. */
export const HEAVY_TARGETS = {
  'heavy-graphql': graphql(batches),
  'heavy-v2-binary': binary(batches),
  'heavy-row-graphql': graphql(singleRows),
  'heavy-row-v2-binary': binary(singleRows),
};
