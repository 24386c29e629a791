import type { Sha256 } from '../kernel/artifacts/artifact';
import { answerError, SAFE_HEADERS } from '../kernel/http/http-answer';
import type { NodeExchange } from '../kernel/http/http-exchange';
import type { Tracking } from '../tracking/tracking';

/** Below the address of a notebook's bytes. */
export const SCRIPT_SUFFIX = '/script';

export type ScriptSource = Tracking['notebooks'];

/** A notebook as a plain program, an attachment like the notebook itself. */
export async function sendScript(
  { request, response }: NodeExchange,
  read: () => ReturnType<ScriptSource['script']>,
  sha256: Sha256,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return answerError(response, 405, 'METHOD_NOT_ALLOWED', 'Scripts are read with GET or HEAD.');
  }
  const script = await read();
  if (!script) return answerError(response, 404, 'NOT_FOUND', 'There is no such artifact in this project.');
  if ('kind' in script) return answerError(response, 422, script.code, script.message);
  const bytes = Buffer.from(script.text);
  response.writeHead(200, {
    ...SAFE_HEADERS,
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': `attachment; filename="${sha256}${script.suffix}"`,
    'content-security-policy': "sandbox; default-src 'none'",
    'content-length': bytes.length,
    'cache-control': 'private, no-cache', // a later server may write it better
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
