import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import {
  Client,
  credentials,
  Metadata,
  type CallOptions,
  type ClientOptions,
  type ClientDuplexStream,
  type ClientUnaryCall,
} from '@grpc/grpc-js';
import {
  GRPCInferenceService,
  ModelInferRequestSchema,
  ModelStreamInferResponseSchema,
  type ModelInferRequest,
  type ModelInferResponse,
  type ModelStreamInferResponse,
} from '../../src/kernel/generated/grpc_service_pb';

const { method: METHODS } = GRPCInferenceService;
type Methods = typeof METHODS;
type Unary = Exclude<keyof Methods, 'modelStreamInfer'>;
/** As it is written down, without what generated code adds. */
export type InferRequest = Exclude<MessageInitShape<typeof ModelInferRequestSchema>, ModelInferRequest>;

const pathOf = (name: string) => `/${GRPCInferenceService.typeName}/${name}`;
const writer =
  <Schema extends DescMessage>(schema: Schema) =>
  (message: MessageInitShape<Schema>) =>
    Buffer.from(toBinary(schema, create(schema, message)));
const reader =
  <Schema extends DescMessage>(schema: Schema) =>
  (bytes: Buffer): MessageShape<Schema> =>
    fromBinary(schema, bytes);

/** Little-endian bytes of floats, as a tensor has them raw. */
export const floatBytes = (values: readonly number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);
/** The floats in an output's bytes. */
export const floatsIn = (bytes: Uint8Array | undefined): number[] => [
  ...new Float32Array(Uint8Array.from(bytes ?? []).buffer),
];

/** The gRPC door as a client with generated messages sees it; what is not answered rejects with code and details. */
export class GrpcClient {
  readonly metadata = new Metadata();
  private readonly client: Client;

  constructor(address: string, key: string | null, options: ClientOptions = {}) {
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    });
    if (key !== null) this.metadata.set('authorization', `Bearer ${key}`);
  }

  close(): void {
    this.client.close();
  }

  call<Name extends Unary>(
    name: Name,
    request: MessageInitShape<Methods[Name]['input']>,
    options: CallOptions = {},
    onCall: (call: ClientUnaryCall) => void = () => undefined,
  ): Promise<MessageShape<Methods[Name]['output']>> {
    const { name: rpc, output } = METHODS[name];
    return this.send(rpc, this.encode(name, request), output, options, onCall) as Promise<
      MessageShape<Methods[Name]['output']>
    >;
  }

  encode<Name extends Unary>(name: Name, request: MessageInitShape<Methods[Name]['input']>): Buffer {
    return writer(METHODS[name].input)(request);
  }

  infer(request: InferRequest, options: CallOptions = {}): Promise<ModelInferResponse> {
    return this.call('modelInfer', request, options);
  }

  /** Sends bytes as they are to a method that the protocol may not have. */
  send<Output extends DescMessage>(
    name: string,
    bytes: Buffer,
    output: Output,
    options: CallOptions = {},
    onCall: (call: ClientUnaryCall) => void = () => undefined,
  ): Promise<MessageShape<Output>> {
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        pathOf(name),
        (message: Buffer) => message,
        reader(output),
        bytes,
        this.metadata,
        options,
        (error, answer) => (error || answer === undefined ? reject(error ?? new Error()) : resolve(answer)),
      );
      onCall(call);
    });
  }

  openStream(options: CallOptions = {}): GrpcStream {
    return new GrpcStream(
      this.client.makeBidiStreamRequest(
        pathOf('ModelStreamInfer'),
        (message: Buffer) => message,
        reader(ModelStreamInferResponseSchema),
        this.metadata,
        options,
      ),
    );
  }
}

/** One `ModelStreamInfer`, as its client sees it. */
export class GrpcStream {
  readonly answers: ModelStreamInferResponse[] = [];
  /** How it ended. */
  readonly status: Promise<{ code: number; details: string }>;
  private wake: () => void = () => undefined;

  constructor(readonly call: ClientDuplexStream<Buffer, ModelStreamInferResponse>) {
    call.on('data', (answer: ModelStreamInferResponse) => {
      this.answers.push(answer);
      this.wake();
    });
    call.on('error', () => undefined); // the status tells
    this.status = new Promise((resolve) => call.on('status', resolve));
  }

  ask(request: InferRequest): void {
    this.call.write(writer(ModelInferRequestSchema)(request));
  }

  /** Resolves once so many answers have come. */
  async received(count: number): Promise<readonly ModelStreamInferResponse[]> {
    while (this.answers.length < count) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.answers;
  }
}
