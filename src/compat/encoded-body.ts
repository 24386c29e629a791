import type { IncomingMessage } from 'node:http';
import { createGunzip, createInflate } from 'node:zlib';
import { shorten } from '../kernel/errors';
import { BodyChunks } from '../kernel/http/body-chunks';
import { BodyTooLarge, readChunks } from '../kernel/http/http-body';
import { isWhole, type HttpRequest } from '../kernel/http/http-exchange';

/** Why there is no body, as HTTP tells it. */
export interface NoBody {
  readonly status: 400 | 413 | 415;
  readonly message: string;
}
export type Chunks = { readonly chunks: BodyChunks } | NoBody;

/**
 * A request's body in the pieces that it came in, inflated where it was sent as gzip or deflate. It never holds more
 * than `maxBytes`, whatever it was packed in.
 *
 * @throws where the client leaves, or is too slow
 */
export function readEncodedBody(request: HttpRequest, maxBytes: number): Chunks | Promise<Chunks> {
  return isWhole(request) ? { chunks: new BodyChunks().add(request.body) } : read(request, maxBytes);
}

async function read(request: IncomingMessage, maxBytes: number): Promise<Chunks> {
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  try {
    if (encoding === 'identity') return { chunks: await readChunks(request, maxBytes) };
    if (encoding === 'gzip' || encoding === 'deflate')
      return { chunks: await inflated(request, encoding, maxBytes) };
  } catch (error) {
    if (error instanceof BodyTooLarge) return { status: 413, message: error.message };
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('Z_')) throw error;
    return {
      status: 400,
      message: `The body is not ${encoding}, as Content-Encoding says: ${message}.`,
    };
  }
  return {
    status: 415,
    message: `Content-Encoding: expected gzip or deflate, got “${shorten(encoding)}”.`,
  };
}

/** Inflates while it reads, so that a small body cannot become more than is allowed. */
async function inflated(
  request: IncomingMessage,
  encoding: 'gzip' | 'deflate',
  maxBytes: number,
): Promise<BodyChunks> {
  const inflater = encoding === 'gzip' ? createGunzip() : createInflate();
  let sentBytes = 0;
  request.on('data', (chunk: Buffer) => {
    sentBytes += chunk.length; // blocks may be empty: a stream of them would never make anything too large
    if (sentBytes > maxBytes) inflater.destroy(new BodyTooLarge(maxBytes));
  });
  try {
    return await readChunks(request, maxBytes, request.pipe(inflater));
  } finally {
    request.unpipe(inflater);
    inflater.destroy();
    request.resume();
  }
}
