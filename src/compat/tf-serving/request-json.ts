import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { shorten } from '../../kernel/errors';
import { parseRelaxedJson } from '../../kernel/relaxed-json';
import { BodyTooLarge, readBody } from '../../kernel/http-body';

type RequestJson =
  /** `receivedAt`: when its bytes were there, on performance.now()'s clock. */
  | { readonly ok: true; readonly json: unknown; readonly receivedAt: number }
  | { readonly ok: false; readonly status: 400 | 413 | 415; readonly message: string };

/**
 * The body as JSON, of whatever content type: TensorFlow Serving asks for none, and `curl -d` says it is a form.
 *
 * @param wideIntegers whether whole numbers beyond 2^53 matter
 */
export async function readRequestJson(
  request: IncomingMessage,
  { wideIntegers }: { wideIntegers: boolean },
): Promise<RequestJson> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    return refused(415, `Content-Encoding “${shorten(encoding)}” is not taken: send the body as it is.`);
  try {
    const body = await readBody(request);
    const receivedAt = performance.now();
    if (body.length === 0) return refused(400, 'JSON Parse error: The document is empty.');
    if (!isUtf8(body)) return refused(400, 'JSON Parse error: The body is not UTF-8.');
    return { ok: true, json: parseRelaxedJson(body.toString(), { wideIntegers }), receivedAt };
  } catch (error) {
    if (error instanceof BodyTooLarge) return refused(413, error.message);
    if (error instanceof SyntaxError) return refused(400, `JSON Parse error: ${error.message}.`);
    throw error;
  }
}

const refused = (status: 400 | 413 | 415, message: string): RequestJson => ({ ok: false, status, message });
