import { Client, credentials, logVerbosity, setLogVerbosity } from '@grpc/grpc-js';

/**
 * Between a ping and the next while calls are in flight, and the wait for its answer, in ms. A connection that is dead
 * without a word must end; servers close one with more than two pings in five minutes without data between them.
 */
export const PING_INTERVAL_MS = 30_000;
const PING_TIMEOUT_MS = 10_000;
/** Between tries to connect, in ms: a remote that is back is found within a second. */
const FIRST_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 500;

export interface ConnectionOptions {
  /** Both ways. */
  readonly maxMessageBytes: number;
  readonly pingIntervalMs: number;
}

/**
 * A connection of its own, made with the first call and again by itself; calls made while there is none fail at once.
 *
 * @param url `grpc://host:port`, or `grpcs://host:port` for TLS with the system's authorities
 */
export function connectGrpc(url: URL, { maxMessageBytes, pingIntervalMs }: ConnectionOptions): Client {
  setLogVerbosity(logVerbosity.NONE); // what it would write to stderr reaches us as errors too
  const isSecure = url.protocol === 'grpcs:';
  return new Client(`dns:${url.host}`, isSecure ? credentials.createSsl() : credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.keepalive_time_ms': pingIntervalMs,
    'grpc.keepalive_timeout_ms': PING_TIMEOUT_MS,
    'grpc.initial_reconnect_backoff_ms': FIRST_RECONNECT_MS,
    'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_MS,
    'grpc.dns_min_time_between_resolutions_ms': LONGEST_RECONNECT_MS,
    'grpc.enable_http_proxy': 0, // only the host that was allowed
    'grpc.service_config_disable_resolution': 1, // its name says where it is, not how we behave
    'grpc.enable_retries': 0, // whoever calls knows what may be asked twice
    'grpc.use_local_subchannel_pool': 1, // closing this client closes its connections
    'grpc.enable_channelz': 0,
  });
}
