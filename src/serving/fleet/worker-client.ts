import { create, toBinary } from '@bufbuild/protobuf';
import { Metadata, type Client, type ClientUnaryCall, type ServiceError } from '@grpc/grpc-js';
import { GRPCInferenceService } from '../../kernel/generated/grpc_service_pb';
import type { Tensor } from '../../kernel/tensors/tensor';
import type { RunOptions, RunResult } from '../execution/backend';
import { connectGrpc } from '../backends/grpc-connection';
import { readInferResponse, writeInferRequest } from '../backends/infer-message';
import { InvalidInput } from '../execution/invalid-input';
import { cancelled, WorkerUnavailable } from '../execution/worker-unavailable';
import { writeRunTerms, type RunTerms } from './run-terms';
import {
  COMPUTE_MS_KEY,
  MAX_CALL_BYTES,
  ROWS_PARAMETER,
  WAITED_MS_KEY,
  WORKER_METHODS,
  type WorkerCalls,
  type WorkerMethod,
} from './worker-calls';
import { failureOfWorker, WorkerLost } from './worker-failure';
import type { WorkerToken } from './worker-token';

/** Wall-clock limit of loading a model, in ms: it may wait for others, each of which may take two minutes. */
const LOAD_LIMIT_MS = 300_000;
/** Time beyond its limit that a run may take to be answered, in ms: the worker ends it, and says so. */
const ANSWER_GRACE_MS = 2_000;
/** Pause between pings, in ms. Workers are attended more often than that; this keeps middle boxes from forgetting. */
const PING_INTERVAL_MS = 60_000;
/** Terms of runs are few: their metadata is made once. */
const MAX_KNOWN_TERMS = 100;

const { method: METHODS, typeName: SERVICE } = GRPCInferenceService;

interface Answer {
  readonly bytes: Buffer;
  readonly trailer: Metadata;
}

/** The calls to one worker process. Each rejects with InvalidInput, WorkerUnavailable or WorkerLost. */
export class WorkerClient {
  private readonly client: Client;
  private readonly inFlight = new Set<ClientUnaryCall>();
  private isClosed = false;
  private readonly plain: Metadata;
  private readonly ofTerms = new Map<string, Metadata>();

  /** @param address `host:port` */
  constructor(
    address: string,
    private readonly token: WorkerToken,
  ) {
    const options = { maxMessageBytes: MAX_CALL_BYTES, pingIntervalMs: PING_INTERVAL_MS };
    this.client = connectGrpc(new URL(`grpc://${address}`), options);
    this.plain = this.metadata();
  }

  async run(sha256: string, inputs: readonly Tensor[], options: RunOptions): Promise<RunResult> {
    const { timeoutMs, outputs = [], shared = false, suspect = false } = options;
    const message = writeInferRequest({ model: { name: sha256, version: '' }, inputs, outputs });
    if (message.length > MAX_CALL_BYTES)
      throw new InvalidInput(
        `The batch has ${message.length} bytes; at most ${MAX_CALL_BYTES} go to a worker.`,
      );
    // It may wait for a process as long as it may run.
    const limitMs = 2 * timeoutMs + ANSWER_GRACE_MS;
    const path = `/${SERVICE}/${METHODS.modelInfer.name}`;
    const terms = this.on({ timeoutMs, shared, suspect });
    const { bytes, trailer } = await this.ask(path, message, limitMs, terms, options.signal);
    return {
      outputs: understood(() => readInferResponse(bytes)),
      computeMs: msOf(trailer, COMPUTE_MS_KEY),
      waitedMs: msOf(trailer, WAITED_MS_KEY),
    };
  }

  async load(sha256: string, rows: number | undefined): Promise<void> {
    const { input, name } = METHODS.repositoryModelLoad;
    const parameters: Record<string, { parameterChoice: { case: 'int64Param'; value: bigint } }> = {};
    if (rows !== undefined)
      parameters[ROWS_PARAMETER] = { parameterChoice: { case: 'int64Param', value: BigInt(rows) } };
    const message = toBinary(input, create(input, { modelName: sha256, parameters }));
    await this.ask(`/${SERVICE}/${name}`, message, LOAD_LIMIT_MS, this.plain);
  }

  async unload(sha256: string): Promise<void> {
    const { input, name } = METHODS.repositoryModelUnload;
    const message = toBinary(input, create(input, { modelName: sha256 }));
    await this.ask(`/${SERVICE}/${name}`, message, LOAD_LIMIT_MS, this.plain);
  }

  async call<Method extends WorkerMethod>(
    method: Method,
    asked: WorkerCalls[Method]['asked'],
    timeoutMs: number,
  ): Promise<WorkerCalls[Method]['answer']> {
    const message = Buffer.from(JSON.stringify(asked));
    const { bytes } = await this.ask(WORKER_METHODS[method], message, timeoutMs, this.plain);
    return understood(() => JSON.parse(bytes.toString()) as WorkerCalls[Method]['answer']);
  }

  /** Ends what is in flight as lost, and the connection with it. */
  close(): void {
    this.isClosed = true;
    for (const call of this.inFlight) call.cancel();
    this.client.close();
  }

  private ask(
    path: string,
    message: Uint8Array,
    timeoutMs: number,
    metadata: Metadata,
    signal?: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled());
      // Who has waited for its turn may come when the worker is gone; the library would throw an error of its own.
      if (this.isClosed) return reject(new WorkerLost('The connection to it is closed.'));
      let bytes: Buffer | undefined;
      const call = this.client.makeUnaryRequest(
        ...([path, asBuffer, asItIs, message, metadata] as const),
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, answer?: Buffer) => {
          bytes = answer;
          this.inFlight.delete(call);
          signal?.removeEventListener('abort', cancel);
          if (error) reject(signal?.aborted ? cancelled() : failureOfWorker(error, timeoutMs));
        },
      );
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel);
      this.inFlight.add(call);
      // After the answer, with what was sent behind it.
      call.on('status', ({ metadata: trailer }) => bytes && resolve({ bytes, trailer }));
    });
  }

  private on(terms: RunTerms): Metadata {
    const key = `${terms.timeoutMs} ${terms.shared} ${terms.suspect}`;
    const known = this.ofTerms.get(key);
    if (known) return known;
    const metadata = this.metadata();
    writeRunTerms(metadata, terms);
    if (this.ofTerms.size < MAX_KNOWN_TERMS) this.ofTerms.set(key, metadata);
    return metadata;
  }

  private metadata(): Metadata {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${this.token}`);
    return metadata;
  }
}

function msOf(trailer: Metadata, key: string): number {
  const [value] = trailer.get(key);
  const ms = Number(value);
  return ms >= 0 ? ms : 0;
}

function understood<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WorkerUnavailable('crashed', `The worker’s answer cannot be read: ${why}`);
  }
}

const asItIs = (message: Buffer): Buffer => message;
/** A view of the same bytes, of the class that the transport wants. */
const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
