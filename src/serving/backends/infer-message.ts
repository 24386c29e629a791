import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FieldBudget, FieldReader, TooMuch } from '../../kernel/tensors/grpc-fields';
import { addTo, readInferTensor, type InferTensor } from '../../kernel/tensors/grpc-infer-tensor';
import { tensorsIn } from '../../kernel/tensors/grpc-tensors';
import { InputCheck } from '../../kernel/input-check';
import type { Tensor } from '../../kernel/tensors/tensor';
import { tensorBytes } from '../../kernel/tensors/tensor-bytes';
import type { Sequence } from '../execution/sequence';
import { answerTensors } from './answer-tensors';
import { RemoteFailure } from './remote-failure';
import type { RemoteQuestion } from './remote-inference';

/** A `ModelInferRequest` with raw contents. By hand: generated code would first make objects of all of it. */
export function writeInferRequest({
  model,
  inputs,
  outputs = [],
  sequence,
}: Omit<RemoteQuestion, 'declared'>): Uint8Array {
  const writer = new BinaryWriter();
  writer.uint32(tag(1)).string(model.name);
  if (model.version !== '') writer.uint32(tag(2)).string(model.version);
  if (sequence) writeSequence(writer, sequence);
  for (const { name, datatype, shape } of inputs) {
    writer.uint32(tag(5)).fork();
    writer.uint32(tag(1)).string(name);
    writer.uint32(tag(2)).string(datatype);
    writer.uint32(tag(3)).fork();
    for (const size of shape) writer.int64(size);
    writer.join().join();
  }
  for (const output of outputs) {
    writer.uint32(tag(6)).fork();
    writer.uint32(tag(1)).string(output);
    writer.join();
  }
  for (const { data } of inputs) writer.uint32(tag(7)).bytes(tensorBytes(data));
  return writer.finish();
}

function writeSequence(writer: BinaryWriter, { id, start, end }: Sequence): void {
  writeParameter(writer, 'sequence_id', (value) =>
    typeof id === 'string' ? value.uint32(tag(3)).string(id) : value.uint32(varintTag(2)).int64(id),
  );
  writeParameter(writer, 'sequence_start', (value) => value.uint32(varintTag(1)).bool(start));
  writeParameter(writer, 'sequence_end', (value) => value.uint32(varintTag(1)).bool(end));
}

/** An entry of the map `parameters`. */
function writeParameter(
  writer: BinaryWriter,
  name: string,
  write: (value: BinaryWriter) => BinaryWriter,
): void {
  writer.uint32(tag(4)).fork();
  writer.uint32(tag(1)).string(name);
  write(writer.uint32(tag(2)).fork()).join();
  writer.join();
}

const tag = (field: number): number => (field << 3) | WireType.LengthDelimited;
const varintTag = (field: number): number => (field << 3) | WireType.Varint;

/**
 * The tensors of a `ModelInferResponse`, raw or typed.
 *
 * @throws RemoteFailure where the bytes are no such message
 */
export function readInferResponse(message: Uint8Array): readonly Tensor[] {
  const outputs: InferTensor[] = [];
  const raw: Uint8Array[] = [];
  try {
    const budget = new FieldBudget();
    const reader = new FieldReader(message, budget);
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (reader.wireType !== WireType.LengthDelimited) reader.pass();
      else if (field === 5)
        addTo('outputs', outputs, readInferTensor(reader.bytes(), `outputs[${outputs.length}]`, budget));
      else if (field === 6) addTo('raw_output_contents', raw, reader.bytes());
      else reader.pass();
    }
  } catch (error) {
    const why = error instanceof TooMuch ? error.message : 'it cannot be decoded';
    throw new RemoteFailure('broken', `The remote’s answer is no inference.ModelInferResponse: ${why}.`);
  }
  const check = new InputCheck();
  return answerTensors(tensorsIn(outputs, raw, 'output', check), check);
}
