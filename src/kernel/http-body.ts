import type { IncomingMessage } from 'node:http';

/** Largest body of a GraphQL request. Larger data travels as an artifact. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

export class BodyTooLarge extends Error {}

/** Reads a whole body; rejects with `BodyTooLarge` as soon as it is longer than allowed. */
export function readBody(request: IncomingMessage, maxBytes: number = MAX_BODY_BYTES): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const refuseBody = () => {
      request.off('data', keep);
      request.resume(); // read on, so that the client hears the answer instead of a reset connection
      reject(new BodyTooLarge(`A body may have at most ${maxBytes} bytes.`));
    };
    const keep = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) refuseBody();
      else chunks.push(chunk);
    };
    if (Number(request.headers['content-length']) > maxBytes) return refuseBody();
    request.on('data', keep);
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('aborted', () => reject(new Error('The client has left.')));
  });
}
