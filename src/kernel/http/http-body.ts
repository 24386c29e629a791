import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Deadlines } from '../deadlines';
import { BodyChunks } from './body-chunks';
import { isWhole, type HttpRequest } from './http-exchange';

/** Largest body of a request in JSON. Larger data travels as an artifact, or as bytes. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Longest that a body may take to arrive, in ms: the largest over 1 Mbit/s. */
const BODY_TIMEOUT_MS = 150_000;
const arrivals = new Deadlines(BODY_TIMEOUT_MS);

export class BodyTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`A body may have at most ${maxBytes} bytes.`);
  }
}
/** It has not arrived within the time there is. Nothing more is read; the connection can only be closed. */
export class BodyTooSlow extends Error {}

/** Largest body that is put together in memory that is always there, in bytes: a picture in base64. */
const SCRATCH_BYTES = 2 * 1024 * 1024;
let scratch: Buffer | undefined;

/**
 * Reads a whole body for somebody who is done with it at once: new memory for a large one costs more than what is put
 * there, and its garbage as much again. Rejects as `readChunks`, and with what `use` throws; at once where it is there.
 *
 * @param use keeps nothing of the bytes, which are the next body's as soon as it returns
 */
export function useBody<Result>(
  request: HttpRequest,
  use: (body: Buffer) => Result,
): Result | Promise<Result> {
  return isWhole(request) ? use(request.body) : useChunks(request, use);
}

async function useChunks<Result>(request: IncomingMessage, use: (body: Buffer) => Result): Promise<Result> {
  return use((await readChunks(request, MAX_BODY_BYTES)).join(scratchFor));
}

function scratchFor(sizeBytes: number): Buffer {
  if (sizeBytes > SCRATCH_BYTES) return Buffer.allocUnsafe(sizeBytes);
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  return scratch.subarray(0, sizeBytes);
}

/**
 * Reads a whole body, in the pieces that it came in; rejects with `BodyTooLarge` as soon as it is longer than allowed,
 * or with `BodyTooSlow`.
 *
 * @param source the request, or what is made of it on its way
 */
export function readChunks(
  request: IncomingMessage,
  maxBytes: number,
  source: Readable = request,
): Promise<BodyChunks> {
  if (Number(request.headers['content-length']) > maxBytes) {
    request.resume(); // read on, so that the client hears the answer instead of a reset connection
    return Promise.reject(new BodyTooLarge(maxBytes));
  }
  return new Promise((resolve, reject) => {
    const chunks = new BodyChunks();
    const wait = arrivals.begin(() => {
      source.off('data', keep);
      request.pause();
      reject(new BodyTooSlow(`The body did not arrive within ${BODY_TIMEOUT_MS / 1000} s.`));
    });
    const fail = (error: Error) => {
      arrivals.end(wait);
      reject(error);
    };
    const keep = (chunk: Buffer) => {
      if (chunks.sizeBytes + chunk.length <= maxBytes) return void chunks.add(chunk);
      source.off('data', keep);
      source.resume();
      fail(new BodyTooLarge(maxBytes));
    };
    source.on('data', keep);
    source.on('end', () => {
      arrivals.end(wait);
      resolve(chunks);
    });
    source.on('error', fail);
    request.on('aborted', () => fail(new Error('The client has left.')));
  });
}
