import type { IncomingHttpHeaders } from 'node:http';
import type { ByteRange } from './artifacts';
import type { Artifact } from './artifact';

interface RangeRequest {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * The part that a request asks for, by RFC 9110 §14.2. Null where all of it is to be sent: nobody asked for a part, or
 * in a form that a server may ignore (several parts, other units, backwards), or of other bytes than these
 * (`If-Range`).
 */
export function requestedRange(
  { method, headers }: RangeRequest,
  { sha256, sizeBytes }: Artifact,
): ByteRange | null | 'unsatisfiable' {
  const condition = headers['if-range'];
  if (method !== 'GET' || (condition !== undefined && condition !== `"${sha256}"`)) return null;
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(headers.range ?? '') ?? [];
  if (first === '') return last === '' ? null : lastBytes(Number(last), sizeBytes);
  const start = Number(first);
  const end = last === '' ? Infinity : Number(last);
  if (end < start) return null;
  return start >= sizeBytes ? 'unsatisfiable' : { start, end: Math.min(end, sizeBytes - 1) };
}

const lastBytes = (count: number, sizeBytes: number): ByteRange | 'unsatisfiable' =>
  count === 0 || sizeBytes === 0
    ? 'unsatisfiable'
    : { start: Math.max(0, sizeBytes - count), end: sizeBytes - 1 };
