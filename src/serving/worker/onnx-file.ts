import { readFile, stat } from 'node:fs/promises';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataLocation, type ModelProto } from '../../kernel/generated/onnx_pb';
import { walkModel } from './onnx-graph';
import { ModelRefusal } from '../inspection/refusal';

/** Protobuf's own limit for one message, in bytes; larger models keep their weights in other files. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

export interface OnnxFile {
  readonly model: ModelProto;
  /** What the runtime is given: the file, without the spellings that crash it. Never a path. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a model file for loading. Everything that runs has passed here, at registration and at every load.
 *
 * @throws ModelRefusal where the file is no ONNX, too large, or points at other files
 */
export async function readOnnxFile(path: string): Promise<OnnxFile> {
  const { size } = await stat(path);
  if (size > MAX_MODEL_BYTES)
    throw new ModelRefusal(
      'MODEL_TOO_LARGE',
      `The file has ${size} bytes; one ONNX file can have ${MAX_MODEL_BYTES}.`,
    );
  return parseOnnx(await readFile(path));
}

/** @throws ModelRefusal as readOnnxFile */
export function parseOnnx(file: Uint8Array): OnnxFile {
  const model = decode(file);
  if (model.graph === undefined || model.irVersion === 0n || model.opsetImport.length === 0)
    throw new ModelRefusal(
      'NOT_ONNX',
      'The file is not an ONNX model: it has no graph, IR version or operator set.',
    );
  let changed = false;
  walkModel(model, {
    tensor: (tensor) => {
      // The runtime resolves such names against its working folder: a model could read files of the server.
      if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0)
        throw new ModelRefusal(
          'EXTERNAL_DATA',
          `Tensor '${tensor.name}' keeps its values in another file. Save the model as one file, with its weights inside.`,
        );
    },
    node: (node) => {
      if (node.opType === 'EPContext')
        throw new ModelRefusal(
          'UNSUPPORTED_OPERATOR',
          'The model holds a compiled part (EPContext), which may name other files. Export it without.',
        );
      changed = dropTrailingEmptyInputs(node.input) || changed;
    },
  });
  return { model, bytes: changed ? toBinary(ModelProtoSchema, model) : file };
}

/**
 * ONNX lets a node write an absent last input as "" or leave it out, and means the same. ONNX Runtime up to
 * 1.30 follows a null pointer for the first spelling of LayerNormalization's bias.
 */
function dropTrailingEmptyInputs(inputs: string[]): boolean {
  const length = inputs.length;
  while (inputs.at(-1) === '') inputs.pop();
  return inputs.length < length;
}

function decode(file: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (/recursion depth/.test(reason))
      throw new ModelRefusal('MODEL_TOO_DEEP', 'The model nests its parts deeper than can be read safely.');
    throw new ModelRefusal('NOT_ONNX', `The file is not an ONNX model, or it is truncated: ${reason}.`);
  }
}
