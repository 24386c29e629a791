import type { IncomingMessage } from 'node:http';
import { MAX_BODY_BYTES } from '../../kernel/http-body';
import { readEncodedBody } from '../encoded-body';
import { Refused } from './refused';

/** Largest body with tensors as bytes: the largest tensor of floats. Without them, the limit of all JSON holds. */
export const MAX_BINARY_BODY_BYTES = 64 * 1024 * 1024;
/** Elements of any type can be viewed where they are if their bytes begin on a multiple of this. */
const ALIGNMENT = 8;

export interface InferBody {
  readonly bytes: Buffer;
  /** Bytes of JSON at its beginning, the bytes of tensors follow; null: all of it is JSON. */
  readonly jsonLength: number | null;
}

/** Reads the body of an inference. */
export async function readInferBody(request: IncomingMessage): Promise<InferBody | Refused> {
  const header = request.headers['inference-header-content-length'];
  if (header === undefined) {
    const bytes = await read(request, MAX_BODY_BYTES, 0);
    return bytes instanceof Refused ? bytes : { bytes, jsonLength: null };
  }
  const jsonLength = /^\d{1,15}$/.test(String(header)) ? Number(header) : NaN;
  if (!(jsonLength <= MAX_BINARY_BODY_BYTES)) return wrongLength(`got “${String(header).slice(0, 40)}”`);
  const bytes = await read(request, MAX_BINARY_BODY_BYTES, jsonLength);
  if (bytes instanceof Refused) return bytes;
  if (jsonLength > bytes.length) return wrongLength(`got ${jsonLength} where the body has ${bytes.length}`);
  return { bytes, jsonLength };
}

const wrongLength = (what: string): Refused =>
  new Refused(
    400,
    `Inference-Header-Content-Length: expected how many bytes of the body are JSON, before the bytes of tensors; ${what}.`,
  );

/** A small body in JSON; none is an empty object. */
export async function readJsonBody(request: IncomingMessage): Promise<{ readonly json: unknown } | Refused> {
  const bytes = await read(request, MAX_BODY_BYTES, 0);
  if (bytes instanceof Refused) return bytes;
  try {
    return { json: bytes.length === 0 ? {} : (JSON.parse(bytes.toString()) as unknown) };
  } catch (error) {
    return new Refused(400, `The body is not JSON: ${(error as SyntaxError).message}`);
  }
}

/** @param alignedAt the place that is to lie on a multiple of what views need */
async function read(
  request: IncomingMessage,
  maxBytes: number,
  alignedAt: number,
): Promise<Buffer | Refused> {
  const body = await readEncodedBody(request, maxBytes);
  return 'chunks' in body ? joined(body.chunks, alignedAt) : new Refused(body.status, body.message);
}

function joined(chunks: readonly Buffer[], alignedAt: number): Buffer {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  let sizeBytes = 0;
  for (const chunk of chunks) sizeBytes += chunk.length;
  const start = (ALIGNMENT - (alignedAt % ALIGNMENT)) % ALIGNMENT;
  const bytes = Buffer.allocUnsafeSlow(start + sizeBytes).subarray(start);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
