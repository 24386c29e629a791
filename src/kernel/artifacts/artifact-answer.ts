import type { OutgoingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Artifacts } from './artifacts';
import type { Artifact } from './artifact';
import { requestedRange } from './byte-range';
import { SAFE_HEADERS } from '../http/http-answer';
import type { NodeExchange } from '../http/http-exchange';

/**
 * Sends an artifact, or the part of it that was asked for (RFC 9110 §14). The bytes never change, so their hash is a
 * strong validator: a client whose download broke goes on with `Range` and `If-Range`.
 *
 * @param headers of the door, besides those of the bytes
 * @param refuse answers 416 in the door's own form
 */
export async function answerArtifact(
  { request, response }: NodeExchange,
  artifacts: Artifacts,
  artifact: Artifact,
  headers: OutgoingHttpHeaders,
  refuse: (message: string) => void,
): Promise<void> {
  const { sha256, sizeBytes } = artifact;
  const range = requestedRange(request, artifact);
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${sizeBytes}`);
    return refuse(`The artifact has ${sizeBytes} bytes.`);
  }
  // Before the first byte of the answer: what is lost must not begin as a success.
  const bytes = await artifacts.read(artifact, range ?? undefined);
  response.writeHead(range ? 206 : 200, {
    ...SAFE_HEADERS,
    // Never a page: whoever uploaded it must not script whoever opens it.
    'content-security-policy': "sandbox; default-src 'none'",
    ...headers,
    'content-length': range ? range.end - range.start + 1 : sizeBytes,
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
    ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${sizeBytes}` }),
  });
  if (request.method === 'HEAD') {
    bytes.destroy();
    response.end();
  } else {
    await pipeline(bytes, response);
  }
}
