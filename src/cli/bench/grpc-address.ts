import { UsageError } from '../command';

/** Where a server listens for gRPC unless GRPC_PORT says otherwise. */
const DEFAULT_PORT = 4001;

/** As it was said, or beside the server's HTTP. */
export function grpcUrlOf(text: string | undefined, serverUrl: string): URL {
  if (text === undefined) {
    const { protocol, hostname } = new URL(serverUrl);
    return new URL(`${protocol === 'https:' ? 'grpcs' : 'grpc'}://${hostname}:${DEFAULT_PORT}`);
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^grpcs?:$/.test(url.protocol) && url.port !== '') return url;
  throw new UsageError(`--grpc-url: expected grpc://host:port or grpcs://host:port, got “${text}”.`);
}
