import type { OutgoingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import type { HttpRequest, HttpResponse } from '../../kernel/http/http-exchange';

const PACKERS = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;

export type Coding = keyof typeof PACKERS;

/** From here on, in bytes, an answer is worth a thread: smaller ones leave in a packet or a few. */
const MIN_PACKED_BYTES = 16_384;
/** What is larger goes as it is: it is packed as a whole, beside the whole that it is made of. */
const MAX_PACKED_BYTES = 16 * 1024 * 1024;
/** Of zlib, the fastest: JSON of floats shrinks to 47 %, and to 45 % in two to six times the time at the usual 6. */
const LEVEL = 1;

/**
 * How a client wants its answers packed: it names one coding, as `response_compression_algorithm` of tritonclient does.
 * A list is only what some HTTP library can read; packing for it would cost every caller some 10 ms for 100 kB, and
 * floats as bytes hardly shrink.
 */
export function codingOf({ headers }: HttpRequest): Coding | null {
  const wish = headers['accept-encoding'];
  return wish === 'gzip' || wish === 'deflate' ? wish : null;
}

export function isWorthPacking(pieces: readonly Uint8Array[]): boolean {
  const sizeBytes = pieces.reduce((size, { length }) => size + length, 0);
  return sizeBytes >= MIN_PACKED_BYTES && sizeBytes <= MAX_PACKED_BYTES;
}

/** Packs on a thread of its own, then answers, unless the client has left meanwhile. */
export async function sendPacked(
  response: HttpResponse,
  coding: Coding,
  headers: OutgoingHttpHeaders,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const packed = await PACKERS[coding](Buffer.concat(pieces), { level: LEVEL });
  if (response.destroyed) return;
  response.writeHead(200, {
    ...headers,
    'content-encoding': coding,
    'content-length': packed.length,
    vary: 'accept-encoding',
  });
  response.write(packed);
  response.end();
}
