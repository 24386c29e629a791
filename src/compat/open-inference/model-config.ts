import type { Datatype, TensorSpec } from '../../kernel/tensors/tensor';
import type { EndpointSettings, ModelAddress } from '../../serving/serving';

const US_PER_MS = 1_000;
/** Of `priorityAt`: the first two, and one for all that come after them. */
const PRIORITY_LEVELS = 3;
/** Of who says nothing. */
const DEFAULT_LEVEL = 2;

/**
 * The configuration that Triton would be given for the model; here it follows from the model and from the endpoint's
 * settings. A model with rows has those of its largest batch in `max_batch_size`, and its dimensions without them.
 */
export function modelConfig({ name, version: { signature }, variant, settings, instances }: ModelAddress) {
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
    max_batch_size: batchable ? settings.maxBatch : 0,
    input: inputs.map(tensorConfig),
    output: outputs.map(tensorConfig),
    ...(batchable && { dynamic_batching: batchingOf(settings) }),
    // Who asks for a version of an endpoint is to see whether that is a variant's, with the endpoint's settings.
    ...(variant !== null && { parameters: { variant: { string_value: variant } } }),
    ...(instances !== null && { instance_group: [{ name, count: instances }] }),
  };
}

const batchingOf = ({ batchSizes, maxDelayMs, maxQueue, timeoutMs }: EndpointSettings) => ({
  preferred_batch_size: batchSizes,
  max_queue_delay_microseconds: Math.round(maxDelayMs * US_PER_MS),
  priority_levels: PRIORITY_LEVELS,
  default_priority_level: DEFAULT_LEVEL,
  default_queue_policy: {
    default_timeout_microseconds: timeoutMs * US_PER_MS,
    allow_timeout_override: true,
    max_queue_size: maxQueue,
  },
});

/** As the configuration names datatypes. */
const typeName = (datatype: Datatype): string => `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`;
