import { authorize } from '../auth/auth';
import { ArtifactTooLarge, parseSha256, StoreFull, type Artifacts } from '../kernel/artifacts/artifacts';
import type { Artifact } from '../kernel/artifacts/artifact';
import { answerArtifact } from '../kernel/artifacts/artifact-answer';
import { answerError, answerJson } from '../kernel/http/http-answer';
import type { NodeExchange, Route } from '../kernel/http/http-exchange';
import { SCRIPT_SUFFIX, sendScript, type ScriptSource } from './notebook-script';

export const ARTIFACT_PATH = '/artifacts/sha256/';

/**
 * `PUT`, `GET` and `HEAD /artifacts/sha256/{hex}`: bytes by content. Below them, `/script`: a notebook as a program.
 */
export function artifactRoute(artifacts: Artifacts, scripts: ScriptSource): Route<NodeExchange> {
  return async (exchange, actor) => {
    const { request, response, path } = exchange;
    const isScript = path.endsWith(SCRIPT_SUFFIX);
    const sha256 = parseSha256(
      path.slice(ARTIFACT_PATH.length, isScript ? -SCRIPT_SUFFIX.length : undefined),
    );
    if (sha256 === null) {
      const message = `Expected ${ARTIFACT_PATH} and the 64 lower-case hexadecimal digits of a SHA-256.`;
      return answerError(response, 400, 'BAD_REQUEST', message);
    }
    if (isScript) return sendScript(exchange, () => scripts.script(actor, sha256), sha256);
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

const send = (exchange: NodeExchange, artifacts: Artifacts, artifact: Artifact): Promise<void> =>
  answerArtifact(
    exchange,
    artifacts,
    artifact,
    {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${artifact.sha256}"`,
      'cache-control': 'private, max-age=31536000, immutable',
    },
    (message) => answerError(exchange.response, 416, 'RANGE_NOT_SATISFIABLE', message),
  );
