import { fromJson, toBinary, type DescMethod, type Message } from '@bufbuild/protobuf';
import {
  Metadata,
  status as Code,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { GRPCInferenceService } from '../../kernel/generated/grpc_service_pb';
import { invalidInput, unauthenticated } from '../../kernel/errors';
import type { Logger } from '../../kernel/logger';
import {
  COMPUTE_MS_KEY,
  InvalidInput,
  isSameToken,
  MAX_CALL_BYTES,
  readRunTerms,
  WAITED_MS_KEY,
  WORKER_METHODS,
  type WorkerMethod,
  type WorkerNode,
} from '../../serving/serving';
import { GrpcCallers, textOf } from './grpc-callers';
import { readControlMessage } from './grpc-control-message';
import { asBuffer } from './grpc-infer-response';
import { parseInferRequest } from './grpc-question';
import type { GrpcService } from './grpc-server';
import { statusOf, type CallStatus } from './grpc-status';
import { workerAnswers, type WorkerAnswer } from './worker-answers';
import { parseAsked, workerCalls } from './worker-asked';
import { inferResponseOf } from './worker-infer-response';
import { statusOfWorker } from './worker-status';
import { messageIssue } from '../../kernel/tensors/grpc-fields';
import { tensorsIn } from '../../kernel/tensors/grpc-tensors';
import { InputCheck } from '../../kernel/input-check';

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
type Handler = handleUnaryCall<Buffer, Buffer>;
interface Answered {
  readonly bytes: Buffer;
  readonly trailer?: Metadata;
}

interface Needs {
  readonly node: WorkerNode;
  readonly isReady: () => Promise<boolean>;
  /** What `api` processes show. */
  readonly token: string;
  readonly logger: Logger;
}

/**
 * The door of a process that only runs models: the Open Inference Protocol for models that are named by their bytes'
 * SHA-256, and beside it what `api` processes ask that the protocol has no words for. Nobody else has the token.
 */
export function workerService({ node, isReady, token, logger }: Needs): GrpcService {
  const callers = new GrpcCallers((metadata) => admit(metadata, token), logger);
  const handle =
    (work: (call: UnaryCall) => Promise<Answered>): Handler =>
    (call, callback) => {
      work(call).then(
        ({ bytes, trailer }) => callback(null, bytes, trailer),
        (error: unknown) => callback(statusOfWorker(error, logger)),
      );
    };
  const answers = workerAnswers({ node, isReady });
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: Record<string, Handler> = {};
  const offer = (name: string, path: string, handler: Handler) => {
    definition[name] = definitionOf(path);
    implementation[name] = handler;
  };
  for (const method of GRPCInferenceService.methods) {
    const path = `/${method.parent.typeName}/${method.name}`;
    const answer = answers[method.localName];
    if (method.localName === 'modelInfer')
      offer(
        method.localName,
        path,
        handle((call) => infer(node, call)),
      );
    else if (answer)
      offer(
        method.localName,
        path,
        handle((call) => tell(method, answer, call)),
      );
    else if (method.methodKind === 'unary') offer(method.localName, path, refusing(method.name));
  }
  const calls = workerCalls(node);
  for (const method of Object.keys(WORKER_METHODS) as WorkerMethod[])
    offer(
      `worker-${method}`,
      WORKER_METHODS[method],
      handle(async ({ request }) => json(await calls[method](parseAsked(request)))),
    );
  return {
    definition,
    implementation,
    interceptor: callers.interceptor,
    maxMessageBytes: MAX_CALL_BYTES,
    stop: () => undefined,
  };
}

/** True for all who have the token: there is nothing more to know of them. */
function admit(metadata: Metadata, token: string): true {
  const [scheme = '', shown = ''] = (textOf(metadata, 'authorization') ?? '').split(' ', 2);
  if (scheme.toLowerCase() !== 'bearer' || !isSameToken(shown, token)) throw unauthenticated();
  return true;
}

async function infer(node: WorkerNode, call: UnaryCall): Promise<Answered> {
  const { request: message, metadata } = call;
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  const read = parseInferRequest(message);
  if (!read.ok) throw new InvalidInput(read.error.message);
  const { modelName, inputs, outputs, rawInputContents } = read.request;
  const check = new InputCheck();
  const tensors = tensorsIn(inputs, rawInputContents, 'input', check);
  const refused = check.result();
  if (refused) throw new InvalidInput(refused.message);
  const result = await node.run(modelName, {
    inputs: tensors,
    outputs: outputs.length === 0 ? null : outputs.map(({ name }) => name),
    terms: readRunTerms(metadata),
    signal: gone.signal,
  });
  const trailer = new Metadata();
  trailer.set(COMPUTE_MS_KEY, String(result.computeMs));
  if (result.waitedMs !== undefined) trailer.set(WAITED_MS_KEY, String(result.waitedMs));
  return { bytes: inferResponseOf(read.request, result.outputs), trailer };
}

async function tell(
  { input, output }: DescMethod,
  answer: WorkerAnswer,
  { request }: UnaryCall,
): Promise<Answered> {
  let message: Message;
  try {
    message = readControlMessage(input, request);
  } catch (error) {
    throw new InvalidInput(invalidInput([messageIssue(error, input.typeName)]).message);
  }
  return { bytes: asBuffer(toBinary(output, fromJson(output, await answer(message)))) };
}

const json = (value: unknown): Answered => ({ bytes: Buffer.from(JSON.stringify(value)) });

function refusing(name: string): Handler {
  const refusal: CallStatus = statusOf(
    Code.UNIMPLEMENTED,
    `${name} is not offered: this process runs models for Modelgraph’s API processes; ask one of those.`,
  );
  return (_, callback) => callback(refusal);
}

function definitionOf(path: string): ServiceDefinition[string] {
  const asItIs = (message: Buffer) => message;
  return {
    ...{ path, requestStream: false, responseStream: false },
    ...{ requestSerialize: asItIs, requestDeserialize: asItIs },
    ...{ responseSerialize: asItIs, responseDeserialize: asItIs },
  };
}
