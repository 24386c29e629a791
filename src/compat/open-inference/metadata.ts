import type { TensorSpec } from '../../kernel/tensors/tensor';
import { VERSION } from '../../kernel/version';
import type { ModelVersion } from '../../registry/registry';
import type { ModelAddress } from '../../serving/serving';

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

/** Where another version has its number under the same name, its reference: it is taken in a version's place. */
export const distinctName = (one: { readonly version: ModelVersion; readonly hidden: boolean }): string =>
  one.hidden ? one.version.ref : versionName(one.version);

/** What a model takes and gives, and which versions may be asked by name. */
export const modelMetadata = ({ name, version, versions }: ModelAddress) => ({
  name,
  versions: versions.map(versionName),
  platform: 'onnx_onnxv1',
  inputs: version.signature.inputs.map(tensorMetadata),
  outputs: version.signature.outputs.map(tensorMetadata),
});

const tensorMetadata = ({ name, datatype, shape }: TensorSpec) => ({ name, datatype, shape });
