import {
  TensorProto_DataType,
  type GraphProto,
  type TypeProto,
  type TypeProto_Tensor,
  type ValueInfoProto,
} from '../../kernel/generated/onnx_pb';
import type { Datatype, TensorSpec } from '../../kernel/tensors/tensor';
import { ModelRefusal } from './refusal';

/** Longest name of an input or output, in characters. Names travel in every request. */
const MAX_NAME_LENGTH = 1_024;

/** Names that mean something else as a key of a JavaScript object. */
const RESERVED_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/** A dimension by its name in the file, where it has one: equal names are equal sizes. */
export interface DeclaredTensor extends TensorSpec {
  readonly symbols: readonly (string | undefined)[];
  /** False where the file gives no shape at all; `shape` is empty then, and means nothing. */
  readonly hasShape: boolean;
}

/** What the graph says of its inputs and outputs. */
export interface DeclaredSignature {
  readonly inputs: readonly DeclaredTensor[];
  readonly outputs: readonly DeclaredTensor[];
}

/** @throws ModelRefusal for types, names and shapes that cannot be served */
export function declaredSignature(graph: GraphProto): DeclaredSignature {
  const given = new Set([
    ...graph.initializer.map((tensor) => tensor.name),
    ...graph.sparseInitializer.map((sparse) => sparse.values?.name),
  ]);
  const inputs = graph.input
    .filter((input) => !given.has(input.name))
    .map((input) => declared('input', input));
  const outputs = graph.output.map((output) => declared('output', output));
  if (outputs.length === 0)
    throw new ModelRefusal('NO_OUTPUTS', 'The model has no outputs, so it answers nothing.');
  const shapeless = inputs.find((input) => !input.hasShape);
  if (shapeless)
    throw new ModelRefusal(
      'UNKNOWN_RANK',
      `Input '${shapeless.name}' does not say how many dimensions it has. Export the model with a shape for it; sizes may be left open.`,
    );
  refuseDuplicates(inputs);
  refuseDuplicates(outputs);
  return { inputs, outputs };
}

function declared(role: 'input' | 'output', info: ValueInfoProto): DeclaredTensor {
  refuseBadName(role, info.name);
  const tensor = tensorType(role, info.name, info.type);
  const dims = tensor.shape?.dim ?? [];
  return {
    name: info.name,
    datatype: elementType(role, info.name, tensor.elemType),
    shape: dims.map(({ value }) =>
      value.case === 'dimValue' && value.value >= 0n ? Number(value.value) : -1,
    ),
    symbols: dims.map(({ value }) =>
      value.case === 'dimParam' && value.value !== '' ? value.value : undefined,
    ),
    hasShape: tensor.shape !== undefined,
  };
}

/** The exporter's option that leaves it out. */
const WITHOUT_ZIPMAP = "give skl2onnx's convert_sklearn or to_onnx options={'zipmap': False}.";

function tensorType(role: string, name: string, type: TypeProto | undefined): TypeProto_Tensor {
  switch (type?.value.case) {
    case 'tensorType':
      return type.value.value;
    case 'sequenceType': {
      const element = type.value.value.elemType?.value.case;
      const hint =
        element === 'mapType' ? ` This is what ZipMap makes of class probabilities: ${WITHOUT_ZIPMAP}` : '';
      return refuseType(role, name, 'a sequence', hint);
    }
    case 'mapType':
      return refuseType(role, name, 'a map', ` To export a classifier without ZipMap, ${WITHOUT_ZIPMAP}`);
    case 'optionalType':
      return refuseType(role, name, 'an optional value');
    case 'sparseTensorType':
      return refuseType(role, name, 'a sparse tensor');
    case 'opaqueType':
      return refuseType(role, name, 'an opaque value');
    case undefined:
      return refuseType(role, name, 'a value without a declared type');
  }
}

function refuseType(role: string, name: string, what: string, hint = ''): never {
  throw new ModelRefusal(
    'UNSUPPORTED_TYPE',
    `The ${role} '${name}' is ${what}; only dense tensors can be served.${hint}`,
  );
}

const DATATYPE_OF = new Map<number, Datatype>([
  [TensorProto_DataType.FLOAT, 'FP32'],
  [TensorProto_DataType.UINT8, 'UINT8'],
  [TensorProto_DataType.INT8, 'INT8'],
  [TensorProto_DataType.UINT16, 'UINT16'],
  [TensorProto_DataType.INT16, 'INT16'],
  [TensorProto_DataType.INT32, 'INT32'],
  [TensorProto_DataType.INT64, 'INT64'],
  [TensorProto_DataType.STRING, 'BYTES'],
  [TensorProto_DataType.BOOL, 'BOOL'],
  [TensorProto_DataType.FLOAT16, 'FP16'],
  [TensorProto_DataType.DOUBLE, 'FP64'],
  [TensorProto_DataType.UINT32, 'UINT32'],
  [TensorProto_DataType.UINT64, 'UINT64'],
]);

function elementType(role: string, name: string, type: number): Datatype {
  const datatype = DATATYPE_OF.get(type);
  if (datatype !== undefined) return datatype;
  const known = TensorProto_DataType[type] ?? `number ${type}`;
  throw new ModelRefusal(
    'UNSUPPORTED_ELEMENT_TYPE',
    `The ${role} '${name}' has element type ${known}, which ONNX Runtime does not take from here. Cast it to FLOAT inside the model.`,
  );
}

/** @throws ModelRefusal */
export function refuseBadName(role: string, name: string): void {
  if (
    name === '' ||
    name.length > MAX_NAME_LENGTH ||
    /[\u0000-\u001f\u007f]/.test(name) ||
    RESERVED_NAMES.has(name)
  )
    throw new ModelRefusal(
      'INVALID_NAME',
      `The ${role} name ${JSON.stringify(name.slice(0, 80))} cannot be used: names have 1 to ${MAX_NAME_LENGTH} characters, no control characters, and are not ${[...RESERVED_NAMES].join(', ')}.`,
    );
}

/** @throws ModelRefusal */
export function refuseDuplicates(tensors: readonly TensorSpec[]): void {
  const seen = new Set<string>();
  for (const { name } of tensors) {
    if (seen.has(name)) throw new ModelRefusal('INVALID_NAME', `The name '${name}' is used twice.`);
    seen.add(name);
  }
}
