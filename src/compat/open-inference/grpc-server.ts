import {
  logVerbosity,
  Server,
  setLogVerbosity,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { cannotListen, hostInAddress } from '../../kernel/http/cannot-listen';

/** Largest message, in bytes: the same as of HTTP's binary bodies. What is larger is refused as RESOURCE_EXHAUSTED. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Calls of one connection at a time: several batches' worth; more wait at the client. */
const MAX_CONCURRENT_CALLS = 1_000;
/** Idle time after which a connection is closed, in ms; clients open another one by themselves. */
const MAX_IDLE_MS = 300_000;
/** Pause between pings, and wait for their answer, in ms: the calls of a client that vanished must end. */
const PING_INTERVAL_MS = 60_000;
const PING_TIMEOUT_MS = 20_000;

/** What is answered, and what must be told when there will be no more answers. */
export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
  readonly interceptor: ServerInterceptor;
  /** Largest message that is taken; absent: MAX_MESSAGE_BYTES. */
  readonly maxMessageBytes?: number;
  /** Ends the streams, which could go on for ever. */
  readonly stop: () => void;
}

/** The gRPC server. TLS is for whatever stands in front, as with HTTP. */
export class GrpcServer {
  private readonly server: Server;
  private address: string | undefined;
  private stopping: Promise<void> | undefined;

  constructor(private readonly service: GrpcService) {
    setLogVerbosity(logVerbosity.NONE); // what it would write to stderr reaches us as errors too
    this.server = new Server({
      'grpc.max_receive_message_length': service.maxMessageBytes ?? MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': -1, // answers are as large as the model makes them
      'grpc.max_concurrent_streams': MAX_CONCURRENT_CALLS,
      'grpc.max_connection_idle_ms': MAX_IDLE_MS,
      'grpc.keepalive_time_ms': PING_INTERVAL_MS,
      'grpc.keepalive_timeout_ms': PING_TIMEOUT_MS,
      'grpc.enable_channelz': 0, // nobody reads it
      interceptors: [service.interceptor],
    });
    this.server.addService(service.definition, service.implementation);
  }

  /** Resolves to the address in use, `host:port`; port 0 asks for any free one. */
  listen(host: string, port: number): Promise<string> {
    const name = hostInAddress(host);
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`${name}:${port}`, ServerCredentials.createInsecure(), (error, actualPort) => {
        if (error) return reject(cannotListen('gRPC', `${name}:${port}`, 'GRPC_PORT', error));
        this.address = `${name}:${actualPort}`;
        resolve(this.address);
      });
    });
  }

  /** Takes no new calls and lets those in flight end; what is left after `withinMs` is cut off. */
  stop(withinMs: number): Promise<void> {
    this.stopping ??= new Promise((resolve) => {
      // It first, since it cuts off only connections that it has closed itself; and not `forceShutdown`, which without
      // the library's own statistics knows of none.
      if (this.address !== undefined) this.server.drain(this.address, withinMs);
      this.server.tryShutdown(() => resolve());
      this.service.stop();
    });
    return this.stopping;
  }
}
