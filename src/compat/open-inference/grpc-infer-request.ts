import { WireType } from '@bufbuild/protobuf/wire';
import { FieldBudget, FieldReader } from '../../kernel/tensors/grpc-fields';
import {
  addTo,
  ParameterList,
  readInferTensor,
  type InferTensor,
  type Parameters,
} from '../../kernel/tensors/grpc-infer-tensor';

export interface InferOutput {
  readonly name: string;
  readonly parameters: Parameters;
}

export interface InferRequest {
  readonly modelName: string;
  /** Empty: the caller leaves it to us. */
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly InferTensor[];
  readonly outputs: readonly InferOutput[];
  /** Views into the message. */
  readonly rawInputContents: readonly Uint8Array[];
}

/**
 * Reads a `ModelInferRequest`. By hand, since generated code makes an array of JavaScript numbers of every tensor's
 * typed contents (5 ms for 150,000 floats, seconds for the largest message) before anybody can look at how many they
 * are. No object is spread here: that alone would take longer than all the rest.
 *
 * @throws TooMuch, and any error where the bytes are no such message
 */
export function readInferRequest(message: Uint8Array): InferRequest {
  const inputs: InferTensor[] = [];
  const outputs: InferOutput[] = [];
  const rawInputContents: Uint8Array[] = [];
  const budget = new FieldBudget();
  const parameters = new ParameterList(budget);
  let modelName = '';
  let modelVersion = '';
  let id = '';
  const reader = new FieldReader(message, budget);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (reader.wireType !== WireType.LengthDelimited) reader.pass();
    else if (field === 1) modelName = reader.text();
    else if (field === 2) modelVersion = reader.text();
    else if (field === 3) id = reader.text();
    else if (field === 4) parameters.add(reader.bytes());
    else if (field === 5)
      addTo('inputs', inputs, readInferTensor(reader.bytes(), `inputs[${inputs.length}]`, budget));
    else if (field === 6) addTo('outputs', outputs, readOutput(reader.bytes(), budget));
    else if (field === 7) addTo('raw_input_contents', rawInputContents, reader.bytes());
    else reader.pass();
  }
  return { modelName, modelVersion, id, parameters: parameters.all(), inputs, outputs, rawInputContents };
}

function readOutput(message: Uint8Array, budget: FieldBudget): InferOutput {
  const parameters = new ParameterList(budget);
  let name = '';
  const reader = new FieldReader(message, budget);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (reader.wireType !== WireType.LengthDelimited) reader.pass();
    else if (field === 1) name = reader.text();
    else if (field === 2) parameters.add(reader.bytes());
    else reader.pass();
  }
  return { name, parameters: parameters.all() };
}
