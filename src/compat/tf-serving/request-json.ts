import { isUtf8 } from 'node:buffer';
import { MAX_BODY_BYTES } from '../../kernel/http/http-body';
import type { HttpRequest } from '../../kernel/http/http-exchange';
import { parseNumberJson } from '../../kernel/json/number-json';
import { readEncodedBody } from '../encoded-body';

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
  request: HttpRequest,
  { wideIntegers }: { wideIntegers: boolean },
): Promise<RequestJson> {
  const read = await readEncodedBody(request, MAX_BODY_BYTES);
  if (!('chunks' in read)) return refused(read.status, read.message);
  const receivedAt = performance.now();
  const body = read.chunks.join();
  if (body.length === 0) return refused(400, 'JSON Parse error: The document is empty.');
  if (!isUtf8(body)) return refused(400, 'JSON Parse error: The body is not UTF-8.');
  try {
    return { ok: true, json: parseNumberJson(body.toString(), { wideIntegers }), receivedAt };
  } catch (error) {
    if (error instanceof SyntaxError) return refused(400, `JSON Parse error: ${error.message}.`);
    throw error;
  }
}

const refused = (status: 400 | 413 | 415, message: string): RequestJson => ({ ok: false, status, message });
