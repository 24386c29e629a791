import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflate, createGzip } from 'node:zlib';

export type Coding = 'gzip' | 'deflate';

/** From here on, in bytes, an answer is worth a thread: smaller ones leave in a packet or a few. */
const MIN_PACKED_BYTES = 16_384;
/** Of zlib, the fastest: JSON of floats shrinks to 47 %, and to 45 % in two to six times the time at the usual 6. */
const LEVEL = 1;

/**
 * How a client wants its answers packed: it names one coding, as `response_compression_algorithm` of tritonclient does.
 * A list is only what some HTTP library can read; packing for it would cost every caller some 10 ms for 100 kB, and
 * floats as bytes hardly shrink.
 */
export function codingOf({ headers }: IncomingMessage): Coding | null {
  const wish = headers['accept-encoding'];
  return wish === 'gzip' || wish === 'deflate' ? wish : null;
}

export const isWorthPacking = (pieces: readonly Uint8Array[]): boolean =>
  pieces.reduce((size, { length }) => size + length, 0) >= MIN_PACKED_BYTES;

/** Packs on threads of its own while it sends, no faster than the client reads. */
export async function sendPacked(
  response: ServerResponse,
  coding: Coding,
  headers: OutgoingHttpHeaders,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const packer = coding === 'gzip' ? createGzip({ level: LEVEL }) : createDeflate({ level: LEVEL });
  response.writeHead(200, { ...headers, 'content-encoding': coding, vary: 'accept-encoding' });
  try {
    await pipeline(Readable.from(pieces), packer, response);
  } catch {
    // The client has left: the pipeline has let go of everything.
  }
}
