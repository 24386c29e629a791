import type { TensorSpec } from '../../kernel/tensors/tensor';
import { DTYPE_OF } from '../../kernel/tensors/tensorflow-dtype';
import type { ModelVersion } from '../../registry/registry';

/** The one signature of every model here, named as TensorFlow names the one that is meant when none is. */
export const SIGNATURE_NAME = 'serving_default';

/** `GetModelMetadataResponse` in protobuf's JSON: 64-bit integers are texts, and defaults are written out. */
export function metadataOf(name: string, { ordinal, signature }: ModelVersion) {
  return {
    model_spec: { name, signature_name: '', version: String(ordinal) },
    metadata: {
      signature_def: {
        signature_def: {
          [SIGNATURE_NAME]: {
            inputs: tensorInfos(signature.inputs),
            outputs: tensorInfos(signature.outputs),
            method_name: 'tensorflow/serving/predict',
            defaults: {},
          },
        },
      },
    },
  };
}

const tensorInfos = (specs: readonly TensorSpec[]) =>
  Object.fromEntries(
    specs.map(({ name, datatype, shape }) => [
      name,
      {
        dtype: DTYPE_OF[datatype],
        tensor_shape: { dim: shape.map((size) => ({ size: String(size), name: '' })), unknown_rank: false },
        name,
      },
    ]),
  );
