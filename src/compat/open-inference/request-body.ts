import { MAX_BODY_BYTES } from '../../kernel/http/http-body';
import type { HttpRequest } from '../../kernel/http/http-exchange';
import type { LargeMemory } from '../../kernel/large-memory';
import { readEncodedBody, type Chunks } from '../encoded-body';
import { Refused } from './refused';

/** Largest body with tensors as bytes: the largest tensor of floats. Without them, the limit of all JSON holds. */
export const MAX_BINARY_BODY_BYTES = 64 * 1024 * 1024;
/** Elements of any type can be viewed where they are if their bytes begin on a multiple of this. */
const ALIGNMENT = 8;

export interface InferBody {
  /** Whoever reads it gives them back, where nobody looks at them any more. */
  readonly bytes: Buffer;
  /** Bytes of JSON at its beginning, the bytes of tensors follow; null: all of it is JSON. */
  readonly jsonLength: number | null;
}

/** Reads the body of an inference: at once where it is there, since thousands a second are. */
export function readInferBody(
  request: HttpRequest,
  memory: LargeMemory,
): InferBody | Refused | Promise<InferBody | Refused> {
  const header = request.headers['inference-header-content-length'];
  const jsonLength = header === undefined ? null : lengthIn(String(header));
  if (jsonLength instanceof Refused) return jsonLength;
  const maxBytes = jsonLength === null ? MAX_BODY_BYTES : MAX_BINARY_BODY_BYTES;
  const bytes = read(request, maxBytes, jsonLength ?? 0, memory);
  return bytes instanceof Promise
    ? bytes.then((read) => bodyOf(read, jsonLength))
    : bodyOf(bytes, jsonLength);
}

function lengthIn(header: string): number | Refused {
  const length = /^\d{1,15}$/.test(header) ? Number(header) : NaN;
  return Number.isNaN(length) ? wrongLength(`got “${header.slice(0, 40)}”`) : length;
}

function bodyOf(bytes: Buffer | Refused, jsonLength: number | null): InferBody | Refused {
  if (bytes instanceof Refused) return bytes;
  if (jsonLength !== null && jsonLength > bytes.length)
    return wrongLength(`got ${jsonLength} where the body has ${bytes.length}`);
  return { bytes, jsonLength };
}

const wrongLength = (what: string): Refused =>
  new Refused(
    400,
    `Inference-Header-Content-Length: expected how many bytes of the body are JSON, before the bytes of tensors; ${what}.`,
  );

/** A small body in JSON; none is an empty object. */
export async function readJsonBody(request: HttpRequest): Promise<{ readonly json: unknown } | Refused> {
  const bytes = await read(request, MAX_BODY_BYTES, 0, null);
  if (bytes instanceof Refused) return bytes;
  try {
    return { json: bytes.length === 0 ? {} : (JSON.parse(bytes.toString()) as unknown) };
  } catch (error) {
    return new Refused(400, `The body is not JSON: ${(error as SyntaxError).message}`);
  }
}

/** @param alignedAt the place that is to lie on a multiple of what views need */
function read(
  request: HttpRequest,
  maxBytes: number,
  alignedAt: number,
  memory: LargeMemory | null,
): Buffer | Refused | Promise<Buffer | Refused> {
  const body = readEncodedBody(request, maxBytes);
  return body instanceof Promise
    ? body.then((one) => bytesIn(one, alignedAt, memory))
    : bytesIn(body, alignedAt, memory);
}

function bytesIn(body: Chunks, alignedAt: number, memory: LargeMemory | null): Buffer | Refused {
  if (!('chunks' in body)) return new Refused(body.status, body.message);
  const start = (ALIGNMENT - (alignedAt % ALIGNMENT)) % ALIGNMENT;
  return body.chunks.join((sizeBytes) =>
    (memory?.take(start + sizeBytes) ?? Buffer.allocUnsafeSlow(start + sizeBytes)).subarray(start),
  );
}
