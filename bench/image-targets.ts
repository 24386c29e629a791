import type { Answer } from './connection';
import { expectedScores, IMAGE_INPUT, IMAGE_SHAPE, images } from './image-model';
import {
  floatsOf,
  graphqlBase64,
  json,
  littleEndian,
  numbersInBytes,
  numbersInJson,
  openInferenceBytes,
  openInferenceJson,
  parsed,
  type Body,
} from './target';

/** The endpoint of the model that takes pictures. */
export const IMAGES_ENDPOINT = 'images';

const PREDICT = `mutation Predict($input: PredictInput!) {
  predict(input: $input) {
    __typename
    ... on PredictSuccess { predictionId outputs }
    ... on UserError { code message }
  }
}`;

let scores: readonly (readonly number[])[] | undefined;
/** They take seconds to work out. */
const expected = () => (scores ??= images.map(expectedScores));

const tensor = { name: IMAGE_INPUT, shape: IMAGE_SHAPE };

const target = (
  path: string,
  body: (image: Float32Array) => Body,
  mark: string,
  read: (answer: Answer) => unknown,
) => ({
  path,
  bodies: () => images.map(body),
  mark,
  numbers: { read, expected },
});

interface Predicted {
  readonly data?: { readonly predict?: { readonly outputs?: readonly { readonly data?: unknown }[] } };
}
interface Scored {
  readonly scores?: unknown;
}

/**
 * Who is asked for an image of 600 kB, in base64 within JSON and as bytes; ours also as numbers in JSON, as a client
 * that knows nothing else writes them.
 */
export const IMAGE_TARGETS = {
  'image-graphql': target(
    '/graphql',
    (image) =>
      json({
        query: PREDICT,
        variables: { input: { endpoint: IMAGES_ENDPOINT, inputs: [graphqlBase64(tensor, image)] } },
      }),
    '"PredictSuccess"',
    (answer) => parsed<Predicted>(answer).data?.predict?.outputs?.[0]?.data,
  ),
  'image-v2-binary': target(
    `/v2/models/${IMAGES_ENDPOINT}/infer`,
    (image) => openInferenceBytes(tensor, image),
    '"outputs"',
    numbersInBytes,
  ),
  'image-v2-json': target(
    `/v2/models/${IMAGES_ENDPOINT}/infer`,
    (image) => openInferenceJson(tensor, image),
    '"outputs"',
    numbersInJson,
  ),
  'fastapi-image-base64': target(
    '/image-base64',
    (image) => json({ image: graphqlBase64(tensor, image).base64 }),
    '"scores"',
    (answer) => parsed<Scored>(answer).scores,
  ),
  'fastapi-image-bytes': target(
    '/image-bytes',
    (image) => ({ bytes: littleEndian(image), headers: ['content-type: application/octet-stream'] }),
    '',
    ({ body }) => floatsOf(body),
  ),
};
