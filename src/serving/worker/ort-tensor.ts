import { Tensor as OrtTensor } from 'onnxruntime-node';
import { isBytes, type BytesElement, type Datatype, type Tensor } from '../../kernel/tensors/tensor';
import { firstOtherBytes } from '../../kernel/tensors/bytes-element';

const ORT_TYPE = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
} as const satisfies Record<Exclude<Datatype, 'BF16'>, OrtTensor.Type>;

const DATATYPE = new Map<string, Datatype>(
  (Object.keys(ORT_TYPE) as (keyof typeof ORT_TYPE)[]).map((datatype) => [ORT_TYPE[datatype], datatype]),
);

/** Our name for one of the runtime's element types; undefined for those we do not carry. */
function datatypeOf(ortType: string): Datatype | undefined {
  return DATATYPE.get(ortType);
}

/** @throws RangeError, in words for the caller, where the values cannot reach the runtime as they are */
export function toOrt(tensor: Tensor): OrtTensor {
  const { name, datatype, shape, data } = tensor;
  if (datatype === 'BF16')
    throw new RangeError(`Input '${name}' is BF16, which ONNX Runtime does not take from here.`);
  return new OrtTensor(ORT_TYPE[datatype], isBytes(data) ? textsOf(name, data) : data, shape);
}

function textsOf(name: string, data: readonly BytesElement[]): readonly string[] {
  if (!data.every((element) => typeof element === 'string'))
    throw new RangeError(
      `Input '${name}' holds bytes that are not UTF-8 in element ${firstOtherBytes(data)}; ONNX's strings are texts.`,
    );
  // The runtime's text ends at NUL: passing one on would silently answer for another text.
  if (data.some((text) => text.includes('\0')))
    throw new RangeError(`Input '${name}' holds text with a NUL character, which ONNX Runtime cannot carry.`);
  return data;
}

/** @throws RangeError for an element type that we do not carry */
export function fromOrt(name: string, tensor: OrtTensor): Tensor {
  const datatype = datatypeOf(tensor.type);
  if (datatype === undefined)
    throw new RangeError(`Output '${name}' has element type ${tensor.type}, which cannot be carried.`);
  return { name, datatype, shape: tensor.dims, data: tensor.data };
}
