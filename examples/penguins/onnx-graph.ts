import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  type AttributeProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto_DataType as DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../../src/kernel/generated/onnx_pb';

/** The operator set with the classical machine-learning steps. */
export const ML_DOMAIN = 'ai.onnx.ml';

type Attribute = MessageInitShape<typeof AttributeProtoSchema>;
interface Wiring {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly Attribute[];
}

/** One step of the graph: an operator of the default domain. */
export const operator = (opType: string, wiring: Wiring): NodeProto => node('', opType, wiring);

/** One step of the graph: an operator of `ai.onnx.ml`. */
export const mlOperator = (opType: string, wiring: Wiring): NodeProto => node(ML_DOMAIN, opType, wiring);

function node(domain: string, opType: string, { inputs, outputs, attributes }: Wiring): NodeProto {
  return create(NodeProtoSchema, {
    name: `${opType}_${outputs[0] ?? ''}`,
    domain,
    opType,
    input: [...inputs],
    output: [...outputs],
    attribute: [...(attributes ?? [])],
  });
}

/** A dimension is a number, or a name where it may vary. */
export function tensorValue(
  name: string,
  elemType: DataType,
  shape: readonly (number | string)[],
): ValueInfoProto {
  const dim = shape.map((size) => ({ value: dimension(size) }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } },
  });
}

const dimension = (size: number | string) =>
  typeof size === 'number'
    ? ({ case: 'dimValue', value: BigInt(size) } as const)
    : ({ case: 'dimParam', value: size } as const);

export const int = (name: string, value: number): Attribute => ({
  name,
  type: AttributeType.INT,
  i: BigInt(value),
});

export const ints = (name: string, values: readonly number[]): Attribute => ({
  name,
  type: AttributeType.INTS,
  ints: values.map(BigInt),
});

export const float = (name: string, value: number): Attribute => ({
  name,
  type: AttributeType.FLOAT,
  f: value,
});

export const floats = (name: string, values: readonly number[]): Attribute => ({
  name,
  type: AttributeType.FLOATS,
  floats: [...values],
});

export const text = (name: string, value: string): Attribute => ({
  name,
  type: AttributeType.STRING,
  s: new TextEncoder().encode(value),
});

export const texts = (name: string, values: readonly string[]): Attribute => ({
  name,
  type: AttributeType.STRINGS,
  strings: values.map((value) => new TextEncoder().encode(value)),
});
