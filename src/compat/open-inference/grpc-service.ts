import { fromJson, toBinary, type DescMethod, type Message } from '@bufbuild/protobuf';
import {
  status as Code,
  type handleUnaryCall,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import type { Auth } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import { invalidInput } from '../../kernel/errors';
import { GRPCInferenceService } from '../../kernel/generated/grpc_service_pb';
import type { Logger } from '../../kernel/logger';
import { messageIssue } from '../../kernel/tensors/grpc-fields';
import { answersOf, type AnswersNeed, type Told } from './grpc-answers';
import { GrpcCallers, textOf } from './grpc-callers';
import { readControlMessage } from './grpc-control-message';
import { infer, type CallFacts, type Inferred } from './grpc-infer';
import type { InferRequest } from './grpc-infer-request';
import { asBuffer, encodeErrorInStream, encodeInStream, encodeResponse } from './grpc-infer-response';
import { parseInferRequest } from './grpc-question';
import type { GrpcService } from './grpc-server';
import { statusOf, statusOfError, statusOfRefusal, type CallStatus } from './grpc-status';
import { AT_ONCE, SequenceTurns, type Turn } from './grpc-sequence-turns';
import { InferStream } from './grpc-stream';
import { notOffered } from './not-offered';

type Answer = (actor: Actor, request: Message) => Promise<Told>;
type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
type StreamCall = ServerDuplexStream<Buffer, Buffer>;

interface Needs extends AnswersNeed {
  readonly auth: Auth;
  readonly logger: Logger;
}

/**
 * `inference.GRPCInferenceService`, the Open Inference Protocol over gRPC. Messages reach it as bytes: so one that
 * cannot be read costs its caller a sentence and not its stream.
 */
export function grpcInferenceService(needs: Needs): GrpcService {
  const service = new InferenceService(needs);
  const { methods } = GRPCInferenceService;
  return {
    definition: Object.fromEntries(methods.map((method) => [method.localName, definitionOf(method)])),
    implementation: Object.fromEntries(
      methods.map((method) => [method.localName, service.handlerOf(method)]),
    ),
    interceptor: service.callers.interceptor,
    stop: () => service.stop(),
  };
}

function definitionOf({ parent, name, methodKind }: DescMethod): ServiceDefinition[string] {
  const asItIs = (message: Buffer) => message;
  return {
    path: `/${parent.typeName}/${name}`,
    requestStream: methodKind === 'bidi_streaming',
    responseStream: methodKind === 'bidi_streaming',
    ...{ requestSerialize: asItIs, requestDeserialize: asItIs },
    ...{ responseSerialize: asItIs, responseDeserialize: asItIs },
  };
}

class InferenceService {
  readonly callers: GrpcCallers<Actor>;
  private readonly answers: Readonly<Record<string, Answer>>;
  private readonly streams = new Set<InferStream>();

  constructor(private readonly needs: Needs) {
    this.callers = new GrpcCallers(
      (metadata) =>
        needs.auth.authenticate(textOf(metadata, 'authorization'), textOf(metadata, 'x-modelgraph-project')),
      needs.logger,
    );
    // Each is given messages of its own type: their descriptors come from the same method.
    this.answers = answersOf(needs) as unknown as Readonly<Record<string, Answer>>;
  }

  stop(): void {
    for (const stream of this.streams) stream.stop();
  }

  handlerOf(method: DescMethod): UntypedHandleCall {
    if (method.methodKind === 'bidi_streaming') return (call: StreamCall) => this.openStream(call);
    if (method.localName === 'modelInfer') return this.unary((call) => this.infer(call));
    const answer = this.answers[method.localName];
    if (answer) return this.unary((call) => this.tell(method, answer, call));
    const why = notOffered(method.name) ?? `${method.name} is not known here.`;
    const refusal = statusOf(Code.UNIMPLEMENTED, why);
    return this.unary(() => Promise.resolve(refusal));
  }

  private unary(work: (call: UnaryCall) => Promise<Buffer | CallStatus>): handleUnaryCall<Buffer, Buffer> {
    return (call, callback) => {
      work(call).then(
        (answer) => (Buffer.isBuffer(answer) ? callback(null, answer) : callback(answer)),
        (error: unknown) => callback(statusOfError(error, this.needs.logger)),
      );
    };
  }

  private async tell(
    { input, output }: DescMethod,
    answer: Answer,
    { request, metadata }: UnaryCall,
  ): Promise<Buffer | CallStatus> {
    let message: Message;
    try {
      message = readControlMessage(input, request);
    } catch (error) {
      return statusOfRefusal(invalidInput([messageIssue(error, input.typeName)]));
    }
    const told = await answer(this.callers.actorOf(metadata), message);
    return told.ok ? asBuffer(toBinary(output, fromJson(output, told.json))) : statusOfRefusal(told.error);
  }

  private async infer(call: UnaryCall): Promise<Buffer | CallStatus> {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    const receivedAt = performance.now();
    const read = parseInferRequest(call.request);
    if (!read.ok) return statusOfRefusal(read.error);
    const actor = this.callers.actorOf(call.metadata);
    const facts = { ...factsOf(call, gone.signal), receivedAt, turn: AT_ONCE };
    const inferred = await infer(this.needs.serving, actor, read.request, facts, encodeResponse);
    return inferred.ok ? inferred.bytes : statusOfRefusal(inferred.error);
  }

  private openStream(call: StreamCall): void {
    const turns = new SequenceTurns();
    const stream = new InferStream(call, {
      answer: (message, signal) => this.inferInStream(call, turns, message, signal),
      statusOf: (error) => statusOfError(error, this.needs.logger),
    });
    this.streams.add(stream);
    stream.onceOver(() => this.streams.delete(stream));
  }

  /** It is read before anything is waited for: whose turn it is in a sequence goes by when it came. */
  private async inferInStream(
    call: StreamCall,
    turns: SequenceTurns,
    message: Buffer,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const startedAt = performance.now();
    const read = parseInferRequest(message);
    const readMs = performance.now() - startedAt;
    if (!read.ok) {
      const refusal = encodeErrorInStream(read.error.message, NOBODY);
      return this.callers.stillThere(call.metadata).then(() => refusal);
    }
    const { request } = read;
    const inferred = await turns.take(request, (turn) =>
      this.answerInStream(call, request, readMs, turn, signal),
    );
    return inferred.ok ? inferred.bytes : encodeErrorInStream(inferred.error.message, request);
  }

  private async answerInStream(
    call: StreamCall,
    request: InferRequest,
    readMs: number,
    turn: Turn,
    signal: AbortSignal,
  ): Promise<Inferred | Failed> {
    const actor = await this.callers.stillThere(call.metadata);
    try {
      const facts = { ...factsOf(call, signal), receivedAt: performance.now() - readMs, turn };
      return await infer(this.needs.serving, actor, request, facts, encodeInStream);
    } catch (error) {
      return { ok: false, error: { message: statusOfError(error, this.needs.logger).details } };
    }
  }
}

const factsOf = (
  call: UnaryCall | StreamCall,
  signal: AbortSignal,
): Omit<CallFacts, 'receivedAt' | 'turn'> => ({
  metadata: call.metadata,
  deadlineAt: Number(call.getDeadline()),
  signal,
});

/** By what no caller has caused. */
interface Failed {
  readonly ok: false;
  readonly error: { readonly message: string };
}

/** Whom an answer is for that nobody can tell. */
const NOBODY = { modelName: '', modelVersion: '', id: '' };
