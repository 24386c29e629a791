import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  InferParameterSchema,
  ModelInferResponseSchema,
  ModelStreamInferResponseSchema,
  type ModelInferResponse,
} from '../../kernel/generated/grpc_service_pb';
import { tensorBytes } from '../../kernel/tensors/tensor-bytes';
import type { PredictSuccess } from '../../serving/serving';
import type { InferRequest } from './grpc-infer-request';
import { versionName } from './metadata';

type Asked = Pick<InferRequest, 'modelName' | 'modelVersion' | 'id'>;

/** The answer to a request, with raw contents however the values came. */
export function inferResponse({ modelName, id }: Asked, result: PredictSuccess): ModelInferResponse {
  const { version, predictionId, variant, cacheAgeMs, outputs } = result;
  const parameters: Record<string, Parameter> = { prediction_id: text(predictionId) };
  if (variant !== null) parameters.variant = text(variant);
  if (cacheAgeMs !== null) {
    parameters.cached = truth;
    const age = BigInt(Math.round(cacheAgeMs));
    parameters.cache_age_ms = { parameterChoice: { case: 'int64Param', value: age } };
  }
  return create(ModelInferResponseSchema, {
    modelName,
    modelVersion: versionName(version),
    id,
    parameters,
    outputs: outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(BigInt) })),
    rawOutputContents: outputs.map(({ data }) => tensorBytes(data)),
  });
}

type Parameter = MessageInitShape<typeof InferParameterSchema>;

const truth: Parameter = { parameterChoice: { case: 'boolParam', value: true } };
const text = (value: string): Parameter => ({ parameterChoice: { case: 'stringParam', value } });

export const encodeResponse = (response: ModelInferResponse): Buffer =>
  asBuffer(toBinary(ModelInferResponseSchema, response));

/**
 * The same as the answer to one request of a stream, and the word by which Triton's clients see that no more come to
 * it.
 *
 * @param response belongs to this function
 */
export function encodeInStream(response: ModelInferResponse): Buffer {
  response.parameters.triton_final_response = create(InferParameterSchema, truth);
  return streamAnswer({ inferResponse: response });
}

/** Why one request of a stream has no answer. The stream goes on. */
export const encodeErrorInStream = (errorMessage: string, { modelName, modelVersion, id }: Asked): Buffer =>
  streamAnswer({ errorMessage, inferResponse: { modelName, modelVersion, id } });

const streamAnswer = (answer: MessageInitShape<typeof ModelStreamInferResponseSchema>): Buffer =>
  asBuffer(toBinary(ModelStreamInferResponseSchema, create(ModelStreamInferResponseSchema, answer)));

/** A view of the same bytes, of the class that the transport wants. */
export const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
