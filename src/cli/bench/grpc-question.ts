import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { tensorBytes } from './tensor-bytes';
import type { Tensor } from '../asking/tensors';

/** Of `inference.ModelInferRequest` and its tensors, where all that we write has its length before it. */
const FIELD = { modelName: 1, inputs: 5, rawInputContents: 7, name: 1, datatype: 2, shape: 3 } as const;

/** The Open Inference Protocol's question by gRPC, with raw contents, as its clients send them. */
export function grpcQuestion(model: string, tensors: readonly Tensor[]): Buffer {
  const writer = new BinaryWriter();
  const field = (name: keyof typeof FIELD) => writer.uint32((FIELD[name] << 3) | WireType.LengthDelimited);
  field('modelName').string(model);
  for (const { name, datatype, shape } of tensors) {
    field('inputs').fork();
    field('name').string(name);
    field('datatype').string(datatype);
    field('shape').fork();
    for (const size of shape) writer.int64(size);
    writer.join().join();
  }
  for (const tensor of tensors) field('rawInputContents').bytes(tensorBytes(tensor));
  return Buffer.from(writer.finish());
}
