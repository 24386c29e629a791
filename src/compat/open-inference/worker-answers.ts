import type { JsonValue, Message, MessageShape } from '@bufbuild/protobuf';
import type { GRPCInferenceService } from '../../kernel/generated/grpc_service_pb';
import { InvalidInput, ROWS_PARAMETER, WorkerUnavailable, type WorkerNode } from '../../serving/serving';
import { SERVER_METADATA } from './metadata';

/** An answer in the JSON form of its message. */
export type WorkerAnswer = (request: Message) => Promise<JsonValue>;

type Methods = (typeof GRPCInferenceService)['method'];
type Answered =
  | 'serverLive'
  | 'serverReady'
  | 'serverMetadata'
  | 'modelReady'
  | 'modelMetadata'
  | 'repositoryIndex'
  | 'repositoryModelLoad'
  | 'repositoryModelUnload';
type Answers = {
  readonly [Name in Answered]: (request: MessageShape<Methods[Name]['input']>) => Promise<JsonValue>;
};

/** Most rows that a load may ask to warm up for: as many as any batch may have. */
const MOST_ROWS = 1_000_000;

/** What is asked about a worker's models, and of them as wholes. */
export function workerAnswers(needs: {
  readonly node: WorkerNode;
  readonly isReady: () => Promise<boolean>;
}): Readonly<Record<string, WorkerAnswer>> {
  const { node, isReady } = needs;
  const answers: Answers = {
    serverLive: () => Promise.resolve({ live: true }),
    serverReady: async () => ({ ready: !node.isLeaving && (await isReady()) }),
    serverMetadata: () =>
      Promise.resolve({ ...SERVER_METADATA, extensions: ['model_repository', 'parameters'] }),
    modelReady: ({ name }) => Promise.resolve({ ready: node.isReady(name) }),
    modelMetadata: async ({ name }) => {
      const found = await node.inspect(name);
      if (!found.ok) throw new WorkerUnavailable('load-failed', found.message);
      const specs = (tensors: typeof found.inputs) =>
        tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(String) }));
      return { name, platform: 'onnx_onnxv1', inputs: specs(found.inputs), outputs: specs(found.outputs) };
    },
    repositoryIndex: () =>
      Promise.resolve({ models: node.held().map((name) => ({ name, version: '1', state: 'READY' })) }),
    repositoryModelLoad: async ({ modelName, parameters }) => {
      const { parameterChoice } = parameters[ROWS_PARAMETER] ?? {};
      await node.load(modelName, parameterChoice && rowsOf(parameterChoice.value));
      return {};
    },
    repositoryModelUnload: async ({ modelName }) => {
      await node.unload(modelName);
      return {};
    },
  };
  // Each is given messages of its own type: their descriptors come from the same method.
  return answers as unknown as Readonly<Record<string, WorkerAnswer>>;
}

function rowsOf(value: unknown): number {
  const rows = Number(value);
  if (Number.isInteger(rows) && rows >= 1 && rows <= MOST_ROWS) return rows;
  throw new InvalidInput(`parameters.${ROWS_PARAMETER}: expected a whole number from 1 to ${MOST_ROWS}.`);
}
