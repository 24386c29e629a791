import { InferenceSession } from 'onnxruntime-node';
import type { Tensor, TensorSpec } from '../../kernel/tensors/tensor';
import { declaredSignature, type DeclaredTensor } from '../inspection/declared-signature';
import { readOnnxFile } from './onnx-file';
import { isOutOfMemory, ortMessage } from './ort-message';
import { probe } from '../inspection/probe-batching';
import type { Inspection } from '../execution/backend';
import { ModelRefusal } from '../inspection/refusal';
import { runnableSession } from './runnable-session';

/** Reads a model file, loads it and runs it: what it takes and gives, or why it cannot be served. */
export async function inspectOnnx(
  path: string,
  options: InferenceSession.SessionOptions,
): Promise<Inspection> {
  try {
    const { model, bytes } = await readOnnxFile(path);
    if (model.graph === undefined) throw new ModelRefusal('NOT_ONNX', 'The file holds no graph.');
    const signature = declaredSignature(model.graph);
    const session = await createSession(bytes, options);
    try {
      const { batchable, outputs, unproven } = await probe(runnableSession(session), signature);
      return {
        ok: true,
        inputs: signature.inputs.map(spec),
        outputs: signature.outputs.map((output) => outputSpec(output, outputs)),
        batchable,
        ...(unproven === undefined ? {} : { unproven }),
      };
    } finally {
      await session.release();
    }
  } catch (error) {
    if (error instanceof ModelRefusal) return { ok: false, code: error.code, message: error.message };
    if (isOutOfMemory(error))
      return {
        ok: false,
        code: 'MODEL_TOO_LARGE',
        message: 'There is not enough memory to load and try the model.',
      };
    throw error;
  }
}

/** @throws ModelRefusal with the runtime's words where it cannot load the model */
export async function createSession(
  bytes: Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(bytes, options);
  } catch (error) {
    if (isOutOfMemory(error)) throw error;
    throw new ModelRefusal('CANNOT_LOAD', `ONNX Runtime cannot load the model: ${ortMessage(error)}`);
  }
}

function spec({ name, datatype, shape }: DeclaredTensor): TensorSpec {
  return { name, datatype, shape };
}

/** An output that declares no shape has the rank that it was seen to have, with every size open. */
function outputSpec(output: DeclaredTensor, seen: readonly Tensor[]): TensorSpec {
  if (output.hasShape) return spec(output);
  const answer = seen.find(({ name }) => name === output.name);
  if (answer === undefined)
    throw new ModelRefusal(
      'UNKNOWN_RANK',
      `Output '${output.name}' does not say how many dimensions it has, and the model did not run with made-up inputs. Export it with a shape.`,
    );
  return { ...spec(output), shape: answer.shape.map(() => -1) };
}
