/** Where an `api` process looks for its workers. */
export type WorkerAddresses =
  /** Rows that workers write into the database. */
  | { readonly kind: 'rows' }
  /** `host:port` each. */
  | { readonly kind: 'static'; readonly hosts: readonly string[] }
  /** Asked again and again. `_service._tcp.name`: its SRV records, which carry the port; else its addresses. */
  | { readonly kind: 'dns'; readonly name: string; readonly port: number | null };

/** Most workers that one process keeps connections to; a list beyond it is a mistake. */
export const MAX_WORKERS = 256;

const GRPC_PORT = 4001;
const EXPECTED =
  'expected grpc://host:port addresses with commas between them, dns://name:port, or dns://_service._tcp.name';

/** What `WORKERS` says, or a sentence why it says nothing. */
export function parseWorkerAddresses(text: string): WorkerAddresses | string {
  const urls = text.split(',').map((part) => part.trim());
  const [first = ''] = urls;
  if (first.startsWith('dns://')) return urls.length === 1 ? dnsName(first) : `${EXPECTED}, got “${text}”.`;
  if (urls.length > MAX_WORKERS) return `expected at most ${MAX_WORKERS} addresses, got ${urls.length}.`;
  const hosts: string[] = [];
  for (const url of urls) {
    const host = parseWorkerUrl(url);
    if (host === null) return `${EXPECTED}, got “${url}”.`;
    hosts.push(host);
  }
  return { kind: 'static', hosts: [...new Set(hosts)] };
}

/** `host:port` of a `grpc://` address; null where it is none. */
export function parseWorkerUrl(url: string): string | null {
  const parsed = url.startsWith('grpc://') ? asUrl(url) : null;
  if (!parsed || !parsed.hostname || /[^/]/.test(parsed.pathname) || parsed.search || parsed.username)
    return null;
  return `${parsed.hostname}:${parsed.port || GRPC_PORT}`;
}

function dnsName(url: string): WorkerAddresses | string {
  const parsed = asUrl(url);
  if (!parsed?.hostname || /[^/]/.test(parsed.pathname)) return `${EXPECTED}, got “${url}”.`;
  const { hostname: name, port } = parsed;
  const isService = name.startsWith('_');
  if (isService && port) return `${name}: SRV records carry the port, so none is to be given.`;
  return { kind: 'dns', name, port: isService ? null : Number(port || GRPC_PORT) };
}

function asUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
