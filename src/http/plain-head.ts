import type { IncomingHttpHeaders } from 'node:http';

/** Longest head that is read here, in bytes: what node:http allows. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Longest body, in bytes: what arrives in one piece. Larger ones are streams, which node:http knows better. */
export const MAX_PLAIN_BODY_BYTES = 64 * 1024;

const BLANK = 0x20;
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * A request line and headers that can be understood in one way only: one space, one CRLF, names of letters, digits and
 * hyphens, no folding, no tab, no bare CR or LF anywhere. So nobody before us can have seen another request in the same
 * bytes.
 */
const PLAIN = /^(GET|POST) (\/[!-~]*) HTTP\/1\.1(?:\r\n[A-Za-z][A-Za-z0-9-]*:[ -~\x80-\xff]*)+$/;

/** What changes how a body is framed, or what becomes of the connection: node:http's to weigh, whatever it says. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'content-encoding',
  'expect',
  'http2-settings',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface PlainHead {
  readonly method: 'GET' | 'POST';
  /** Path and query, as they were sent. */
  readonly url: string;
  /** By their names in lower case; each was given once. */
  readonly headers: IncomingHttpHeaders;
  readonly bodyStart: number;
  readonly bodyLength: number;
}

/** Reads the head of the request that the bytes begin with; null where it is not of the plain kind, or not whole. */
export function readPlainHead(bytes: Buffer): PlainHead | null {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0 || end > MAX_HEAD_BYTES) return null;
  const head = bytes.toString('latin1', 0, end);
  const found = PLAIN.exec(head);
  if (found === null) return null;
  const [, method = '', { length = 0 } = ''] = found;
  // From the bytes: a part of a string keeps all of it in memory, for as long as somebody remembers the part.
  const url = bytes.toString('latin1', method.length + 1, method.length + 1 + length);
  const headers = headersIn(bytes, head, head.indexOf('\r\n') + 2);
  if (headers === null || headers.host === undefined) return null;
  const bodyLength = bodyLengthOf(method, headers['content-length']);
  if (bodyLength === null) return null;
  return {
    method: method as PlainHead['method'],
    url,
    headers,
    bodyStart: end + HEAD_END.length,
    bodyLength,
  };
}

/** Null where a name comes twice, or one that is not ours to understand. */
function headersIn(bytes: Buffer, head: string, start: number): IncomingHttpHeaders | null {
  const headers: IncomingHttpHeaders = {};
  for (let at = start; at < head.length;) {
    const lineEnd = head.indexOf('\r\n', at);
    const end = lineEnd < 0 ? head.length : lineEnd;
    const colon = head.indexOf(':', at);
    const name = head.slice(at, colon).toLowerCase();
    let first = colon + 1;
    let last = end;
    while (first < last && head.charCodeAt(first) === BLANK) first += 1;
    while (last > first && head.charCodeAt(last - 1) === BLANK) last -= 1;
    // Keys are remembered for as long as their connections last.
    const value = name === 'authorization' ? bytes.toString('latin1', first, last) : head.slice(first, last);
    if (headers[name] !== undefined || NOT_PLAIN.has(name)) return null;
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return null;
    headers[name] = value;
    at = end + 2;
  }
  return headers;
}

/** Null where it is no length, or too much. */
function bodyLengthOf(method: string, given: string | undefined): number | null {
  if (given === undefined) return method === 'GET' ? 0 : null;
  if (!/^\d{1,6}$/.test(given)) return null;
  const length = Number(given);
  return length <= MAX_PLAIN_BODY_BYTES ? length : null;
}
