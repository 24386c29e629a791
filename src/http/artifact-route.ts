import { pipeline } from 'node:stream/promises';
import { authorize } from '../auth/auth';
import {
  ArtifactTooLarge,
  parseSha256,
  StoreFull,
  type Artifact,
  type Artifacts,
  type ByteRange,
} from '../kernel/artifacts';
import { answerError, answerJson, SAFE_HEADERS } from '../kernel/http-answer';
import type { NodeExchange, Route } from '../kernel/http-exchange';

export const ARTIFACT_PATH = '/artifacts/sha256/';

/** `PUT`, `GET` and `HEAD /artifacts/sha256/{hex}`: bytes by content. */
export function artifactRoute(artifacts: Artifacts): Route<NodeExchange> {
  return async (exchange, actor) => {
    const { request, response, path } = exchange;
    const sha256 = parseSha256(path.slice(ARTIFACT_PATH.length));
    if (sha256 === null) {
      const message = `Expected ${ARTIFACT_PATH} and the 64 lower-case hexadecimal digits of a SHA-256.`;
      return answerError(response, 400, 'BAD_REQUEST', message);
    }
    if (request.method === 'PUT') {
      authorize(actor, 'artifact:write');
      return put(exchange, artifacts, () => artifacts.put(actor.projectId, sha256, request));
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD, PUT');
      return answerError(
        response,
        405,
        'METHOD_NOT_ALLOWED',
        'Artifacts are sent with PUT and read with GET or HEAD.',
      );
    }
    authorize(actor, 'platform:read');
    const artifact = await artifacts.find(actor.projectId, sha256);
    if (!artifact)
      return answerError(response, 404, 'NOT_FOUND', 'There is no such artifact in this project.');
    return send(exchange, artifacts, artifact);
  };
}

async function put(
  { request, response }: NodeExchange,
  artifacts: Artifacts,
  write: () => ReturnType<Artifacts['put']>,
): Promise<void> {
  try {
    const result = await write();
    if (!result.ok) {
      const message = `The bytes hash to ${result.actual}, not to the address. Nothing was kept.`;
      return answerError(response, 422, 'HASH_MISMATCH', message);
    }
    answerJson(response, result.created ? 201 : 200, {
      sha256: result.artifact.sha256,
      sizeBytes: result.artifact.sizeBytes,
    });
  } catch (error) {
    if (error instanceof ArtifactTooLarge) answerError(response, 413, 'ARTIFACT_TOO_LARGE', error.message);
    else if (error instanceof StoreFull) answerError(response, 507, 'STORE_FULL', error.message);
    else throw error;
  } finally {
    request.resume(); // a refused upload is read to its end, so that the client hears why
  }
}

async function send(
  { request, response }: NodeExchange,
  artifacts: Artifacts,
  artifact: Artifact,
): Promise<void> {
  const range = rangeOf(request.headers.range, artifact.sizeBytes);
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${artifact.sizeBytes}`);
    return answerError(
      response,
      416,
      'RANGE_NOT_SATISFIABLE',
      `The artifact has ${artifact.sizeBytes} bytes.`,
    );
  }
  // Before the first byte of the answer: what is lost must not begin as a success.
  const bytes = await artifacts.read(artifact, range ?? undefined);
  response.writeHead(range ? 206 : 200, {
    ...SAFE_HEADERS,
    // Always an attachment, never a page: whoever uploaded it must not script whoever opens it.
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${artifact.sha256}"`,
    'content-security-policy': "sandbox; default-src 'none'",
    'content-length': range ? range.end - range.start + 1 : artifact.sizeBytes,
    'cache-control': 'private, max-age=31536000, immutable',
    'accept-ranges': 'bytes',
    etag: `"${artifact.sha256}"`,
    ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${artifact.sizeBytes}` }),
  });
  if (request.method === 'HEAD') {
    bytes.destroy();
    response.end();
  } else {
    await pipeline(bytes, response);
  }
}

/** One range of RFC 9110 §14.1.2; null where the header is absent or of a form that a server may ignore. */
function rangeOf(header: string | undefined, sizeBytes: number): ByteRange | null | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [, first, last] = match;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return start > end || start >= sizeBytes ? 'unsatisfiable' : { start, end };
}
