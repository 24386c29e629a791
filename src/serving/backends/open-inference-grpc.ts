import { create, fromBinary, toBinary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { Metadata, type Client, type ServiceError } from '@grpc/grpc-js';
import { GRPCInferenceService } from '../../kernel/generated/grpc_service_pb';
import type { Tensor } from '../../kernel/tensors/tensor';
import { connectGrpc, PING_INTERVAL_MS } from './grpc-connection';
import { failureOfStatus } from './grpc-failure';
import { readInferResponse, writeInferRequest } from './infer-message';
import { RemoteFailure } from './remote-failure';
import type {
  CallLimits,
  RemoteInference,
  RemoteMetadata,
  RemoteModel,
  RemoteQuestion,
} from './remote-inference';

/** Largest message, in bytes, both ways: the same as of our own doors. */
export const MAX_GRPC_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Largest answer that is no inference, in bytes: a full index of models has a tenth of it. */
const MAX_CONTROL_BYTES = 4 * 1024 * 1024;
/** Inputs, outputs and versions of one model that are looked at, and axes of one tensor. */
const MAX_LISTED = 1_000;

export interface GrpcOptions {
  /** Sent with every call as `authorization: Bearer …`; absent or null: none. */
  readonly token?: string | null;
  /** In bytes; absent: MAX_GRPC_MESSAGE_BYTES. */
  readonly maxMessageBytes?: number;
  /** In ms; absent: PING_INTERVAL_MS. */
  readonly pingIntervalMs?: number;
}

/** A model in a remote's repository, or a version of it. */
export interface RepositoryEntry {
  readonly name: string;
  readonly version: string;
  /** `READY`, or what the remote says in its place. */
  readonly state: string;
  readonly reason: string;
}

const { method: METHODS, typeName: SERVICE } = GRPCInferenceService;
type Methods = typeof METHODS;
type Control = Exclude<keyof Methods, 'modelInfer' | 'modelStreamInfer'>;

/**
 * A client of `inference.GRPCInferenceService`. It connects with the first call, and again by itself; calls made while
 * there is no connection fail at once as `unreachable`.
 */
export class OpenInferenceGrpc implements RemoteInference {
  private readonly client: Client;
  private readonly metadata = new Metadata();
  private readonly maxMessageBytes: number;
  private isClosed = false;

  /** @param url `grpc://host:port`, or `grpcs://host:port` for TLS with the system's authorities */
  constructor(url: URL, options: GrpcOptions = {}) {
    const {
      token = null,
      maxMessageBytes = MAX_GRPC_MESSAGE_BYTES,
      pingIntervalMs = PING_INTERVAL_MS,
    } = options;
    this.maxMessageBytes = maxMessageBytes;
    this.client = connectGrpc(url, { maxMessageBytes, pingIntervalMs });
    if (token !== null) this.metadata.set('authorization', `Bearer ${token}`);
  }

  async serverLive(limits: CallLimits): Promise<boolean> {
    return (await this.ask('serverLive', {}, limits)).live;
  }

  async serverReady(limits: CallLimits): Promise<boolean> {
    return (await this.ask('serverReady', {}, limits)).ready;
  }

  async modelReady({ name, version }: RemoteModel, limits: CallLimits): Promise<boolean> {
    return (await this.ask('modelReady', { name, version }, limits)).ready;
  }

  async modelMetadata({ name, version }: RemoteModel, limits: CallLimits): Promise<RemoteMetadata> {
    const { versions, platform, inputs, outputs } = await this.ask(
      'modelMetadata',
      { name, version },
      limits,
    );
    const isTooLong = [versions, inputs, outputs, ...[...inputs, ...outputs].map(({ shape }) => shape)].some(
      ({ length }) => length > MAX_LISTED,
    );
    if (isTooLong) throw new RemoteFailure('broken', 'The remote’s metadata is longer than any model’s.');
    return { versions, platform, inputs: inputs.map(specOf), outputs: outputs.map(specOf) };
  }

  async infer(question: Omit<RemoteQuestion, 'declared'>, limits: CallLimits): Promise<readonly Tensor[]> {
    return readInferResponse(await this.call('ModelInfer', writeInferRequest(question), limits));
  }

  /** What the remote has in its repository, ready or not. */
  async repositoryIndex(limits: CallLimits): Promise<readonly RepositoryEntry[]> {
    const { models } = await this.ask('repositoryIndex', {}, limits);
    return models.map(({ name, version, state, reason }) => ({ name, version, state, reason }));
  }

  /** Resolves when the remote has the model in memory. */
  async load(modelName: string, limits: CallLimits): Promise<void> {
    await this.ask('repositoryModelLoad', { modelName }, limits);
  }

  async unload(modelName: string, limits: CallLimits): Promise<void> {
    await this.ask('repositoryModelUnload', { modelName }, limits);
  }

  close(): void {
    this.isClosed = true;
    this.client.close();
  }

  private async ask<Name extends Control>(
    name: Name,
    request: MessageInitShape<Methods[Name]['input']>,
    limits: CallLimits,
  ): Promise<MessageShape<Methods[Name]['output']>> {
    const { name: rpc, input, output } = METHODS[name];
    const answer = await this.call(rpc, toBinary(input, create(input, request)), limits);
    if (answer.length > MAX_CONTROL_BYTES)
      throw new RemoteFailure('broken', `The remote answered ${rpc} with ${answer.length} bytes.`);
    try {
      return fromBinary(output, answer) as MessageShape<Methods[Name]['output']>;
    } catch {
      throw new RemoteFailure('broken', `The remote’s answer to ${rpc} cannot be decoded.`);
    }
  }

  private call(rpc: string, message: Uint8Array, { timeoutMs, signal }: CallLimits): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled());
      if (this.isClosed) return reject(closed());
      const { maxMessageBytes } = this;
      if (message.length > maxMessageBytes) return reject(tooLarge(message.length, maxMessageBytes));
      const call = this.client.makeUnaryRequest(
        `/${SERVICE}/${rpc}`,
        asBuffer,
        asItIs,
        message,
        this.metadata,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, answer?: Buffer) => {
          signal?.removeEventListener('abort', cancel);
          if (answer !== undefined) resolve(answer);
          else reject(signal?.aborted ? cancelled() : failureOfStatus(error, { timeoutMs, maxMessageBytes }));
        },
      );
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel);
    });
  }
}

const specOf = ({ name, datatype, shape }: { name: string; datatype: string; shape: readonly bigint[] }) => ({
  name,
  datatype,
  shape: shape.map(Number),
});

const cancelled = () => new RemoteFailure('cancelled', 'The call to the remote was cancelled.');

/** The library would throw an error of its own. */
const closed = () => new RemoteFailure('unreachable', 'The connection to the remote is closed.');

const tooLarge = (sizeBytes: number, maxBytes: number) =>
  new RemoteFailure('refused', `The question has ${sizeBytes} bytes; at most ${maxBytes} go to a remote.`);

const asItIs = (message: Buffer): Buffer => message;
/** A view of the same bytes, of the class that the transport wants. */
const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
