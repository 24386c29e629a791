import type { Datatype, TensorSpec } from '../../kernel/tensor';
import type { ModelVersion } from '../../registry/registry';

/** The one signature of every model here, named as TensorFlow names the one that is meant when none is. */
export const SIGNATURE_NAME = 'serving_default';

/** TensorFlow's names of our datatypes. */
export const DTYPE_OF: Readonly<Record<Datatype, string>> = {
  BOOL: 'DT_BOOL',
  UINT8: 'DT_UINT8',
  UINT16: 'DT_UINT16',
  UINT32: 'DT_UINT32',
  UINT64: 'DT_UINT64',
  INT8: 'DT_INT8',
  INT16: 'DT_INT16',
  INT32: 'DT_INT32',
  INT64: 'DT_INT64',
  FP16: 'DT_HALF',
  FP32: 'DT_FLOAT',
  FP64: 'DT_DOUBLE',
  BYTES: 'DT_STRING',
};

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
