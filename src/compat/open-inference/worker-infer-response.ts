import { create } from '@bufbuild/protobuf';
import { ModelInferResponseSchema } from '../../kernel/generated/grpc_service_pb';
import type { Tensor } from '../../kernel/tensors/tensor';
import { tensorBytes } from '../../kernel/tensors/tensor-bytes';
import type { InferRequest } from './grpc-infer-request';
import { encodeResponse } from './grpc-infer-response';

/** What a model answered, with raw contents. */
export function inferResponseOf(
  { modelName, id }: Pick<InferRequest, 'modelName' | 'id'>,
  outputs: readonly Tensor[],
): Buffer {
  return encodeResponse(
    create(ModelInferResponseSchema, {
      modelName,
      id,
      outputs: outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(BigInt) })),
      rawOutputContents: outputs.map(({ data }) => tensorBytes(data)),
    }),
  );
}
