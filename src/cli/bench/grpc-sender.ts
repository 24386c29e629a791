import {
  Client,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
  status as Code,
  type ServiceError,
} from '@grpc/grpc-js';
import { TIMED_OUT, type Outcome } from './measurement';
import type { Question, Sender } from './sender';

interface GrpcSenderOptions {
  /** `grpc://host:port`, or `grpcs://host:port` for TLS. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Calls that may wait for their answers at a time. */
  readonly maxCalls: number;
  readonly timeoutMs: number;
}

const MODEL_INFER = '/inference.GRPCInferenceService/ModelInfer';
/** Calls of one connection: as many as most servers take at a time; more would wait here, and not there. */
const CALLS_PER_CONNECTION = 100;

/** Calls of `ModelInfer` over kept connections. Answers are read to their end, and not decoded. */
export class GrpcSender implements Sender {
  private readonly clients: readonly Client[];
  private readonly metadata = new Metadata();
  private readonly timeoutMs: number;
  private next = 0;

  constructor({ url, headers, maxCalls, timeoutMs }: GrpcSenderOptions) {
    setLogVerbosity(logVerbosity.NONE); // what it would write to stderr is an outcome
    const connections = Math.ceil(maxCalls / CALLS_PER_CONNECTION);
    this.clients = Array.from({ length: connections }, () => connect(url));
    this.timeoutMs = timeoutMs;
    for (const [name, value] of Object.entries(headers)) this.metadata.set(name, value);
  }

  send({ body }: Question): Promise<Outcome> {
    const client = this.clients[this.next++ % this.clients.length];
    if (!client) throw new Error('There is at least one connection.');
    return new Promise((resolve) => {
      const call = client.makeUnaryRequest(
        MODEL_INFER,
        asItIs,
        asItIs,
        body,
        this.metadata,
        (error: ServiceError | null) => end(error === null ? { code: null } : refusal(error)),
      );
      const timer = setTimeout(() => {
        end({ code: TIMED_OUT, message: `no answer within ${this.timeoutMs} ms (--timeout)` });
        call.cancel();
      }, this.timeoutMs);
      const end = (outcome: Outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
    });
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}

const connect = ({ protocol, host }: URL): Client =>
  new Client(`dns:${host}`, protocol === 'grpcs:' ? credentials.createSsl() : credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.enable_retries': 0, // an error that was tried again would not be counted
    'grpc.use_local_subchannel_pool': 1, // a connection for each
    'grpc.enable_channelz': 0,
  });

const refusal = ({ code, details }: ServiceError): Outcome => ({
  code: Code[code] ?? `STATUS ${code}`,
  message: /ECONNREFUSED/.test(details) ? `${details} (--grpc-url says where the server is)` : details,
});

const asItIs = (message: Buffer): Buffer => message;
