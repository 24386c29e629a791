import type { Datatype, TensorSpec } from '../../kernel/tensors/tensor';
import { VERSION } from '../../kernel/version';
import type { ModelVersion } from '../../registry/registry';
import { MAX_REQUEST_ROWS, type ModelAddress } from '../../serving/serving';

/** Who we are, and which extensions of the protocol we have; their names are Triton's. */
export const SERVER_METADATA = {
  name: 'modelgraph',
  version: VERSION,
  extensions: [
    'binary_tensor_data',
    'classification',
    'model_configuration',
    'model_repository',
    'parameters',
    'statistics',
  ],
} as const;

/** What a version is called in this protocol, whose versions are text. */
export const versionName = ({ ordinal }: ModelVersion): string => String(ordinal);

/** What a model takes and gives, and which versions may be asked by name. */
export const modelMetadata = ({ name, version, versions }: ModelAddress) => ({
  name,
  versions: versions.map(versionName),
  platform: 'onnx_onnxv1',
  inputs: version.signature.inputs.map(tensorMetadata),
  outputs: version.signature.outputs.map(tensorMetadata),
});

const tensorMetadata = ({ name, datatype, shape }: TensorSpec) => ({ name, datatype, shape });

/**
 * The configuration that Triton would be given for the model; here it follows from the model. A model with rows has
 * their number in `max_batch_size`, and its dimensions without them.
 */
export function modelConfig({ name, version: { signature } }: ModelAddress) {
  const { inputs, outputs, batchable } = signature;
  const tensorConfig = ({ name: tensor, datatype, shape }: TensorSpec) => ({
    name: tensor,
    data_type: typeName(datatype),
    dims: batchable ? shape.slice(1) : shape,
  });
  return {
    name,
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    version_policy: { latest: { num_versions: 1 } },
    max_batch_size: batchable ? MAX_REQUEST_ROWS : 0,
    input: inputs.map(tensorConfig),
    output: outputs.map(tensorConfig),
    ...(batchable && { dynamic_batching: {} }),
  };
}

/** As the configuration names datatypes. */
const typeName = (datatype: Datatype): string => `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`;
