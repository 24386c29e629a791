import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { headersOf, type ServerAccess } from './access';
import { tryUntil } from './call-until';
import { ClientError, reasonOf } from './client-error';
import { retryAfterOf } from './graphql-call';

/** Of an answer's text, in bytes. */
const MAX_ANSWER_BYTES = 10_000;
/** Silence of a connection after which an upload is tried again, in ms. */
const SILENCE_MS = 60_000;

export interface Uploaded {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Stores bytes under their SHA-256. A file is read twice: for its hash, and to send it. One that changes in between is
 * refused by the server, which keeps nothing of it.
 *
 * @param until as `performance.now()` counts
 */
export async function uploadArtifact(
  access: ServerAccess,
  source: Uint8Array | string,
  until: number,
): Promise<Uploaded> {
  const hashed = await hashOf(source);
  await tryUntil(until, async () => {
    try {
      const { status, text, retryAfterMs } = await put(access, hashed, source);
      if (status === 200 || status === 201) return { isDone: true, data: null };
      const error = refusalOf(status, text, hashed.sha256);
      if (status !== 429 && status < 500) throw error;
      if (status === 507) throw error; // its store is full: a person must act
      return { isDone: false, error, retryAfterMs };
    } catch (error) {
      if (error instanceof ClientError) throw error;
      if (isOfFile(error)) throw new ClientError('BAD_INPUT', `The file cannot be read: ${reasonOf(error)}`);
      const message = `No answer from ${access.url}: ${reasonOf(error)}.`;
      return { isDone: false, error: new ClientError('UNREACHABLE', message), retryAfterMs: null };
    }
  });
  return hashed;
}

async function hashOf(source: Uint8Array | string): Promise<Uploaded> {
  const hash = createHash('sha256');
  if (typeof source !== 'string')
    return { sha256: hash.update(source).digest('hex'), sizeBytes: source.byteLength };
  try {
    if (!(await stat(source)).isFile()) throw new Error(`${source} is no file`);
    let sizeBytes = 0;
    for await (const chunk of createReadStream(source) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    return { sha256: hash.digest('hex'), sizeBytes };
  } catch (error) {
    throw new ClientError('BAD_INPUT', `The file cannot be read: ${reasonOf(error)}`);
  }
}

interface PutAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number | null;
}

/** `fetch` would send a stream in chunks, without the length that lets a server refuse it before it has come. */
function put(
  access: ServerAccess,
  { sha256, sizeBytes }: Uploaded,
  source: Uint8Array | string,
): Promise<PutAnswer> {
  const url = new URL(`${access.url}/artifacts/sha256/${sha256}`);
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const type = 'application/octet-stream';
  const headers = { ...headersOf(access), 'content-type': type, 'content-length': sizeBytes };
  return new Promise((resolve, reject) => {
    const request = open(url, { method: 'PUT', headers, timeout: SILENCE_MS });
    request.on('timeout', () => request.destroy(new Error(`nothing for ${SILENCE_MS / 1_000} s`)));
    // Once there is an answer, it does not matter that the rest could not be sent.
    request.on('response', (response) => resolve(answerIn(response).finally(() => request.destroy())));
    request.on('error', reject);
    pipeline(bytesOf(source, sizeBytes), request).catch(reject);
  });
}

/** A file that grows meanwhile must not send more than was said. */
function bytesOf(source: Uint8Array | string, sizeBytes: number): Readable {
  if (sizeBytes === 0) return Readable.from([]);
  if (typeof source === 'string') return createReadStream(source, { end: sizeBytes - 1 });
  return Readable.from([Buffer.from(source.buffer, source.byteOffset, source.byteLength)]);
}

async function answerIn(response: IncomingMessage): Promise<PutAnswer> {
  const text = await textOf(response);
  const retryAfterMs = retryAfterOf(response.headers['retry-after'] ?? null);
  return { status: response.statusCode ?? 0, text, retryAfterMs };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > MAX_ANSWER_BYTES) break;
  }
  return text;
}

function refusalOf(status: number, text: string, sha256: string): ClientError {
  if (status === 422)
    return new ClientError(
      'CHANGED_MEANWHILE',
      'The file has changed while it was sent. Nothing was kept of it.',
    );
  try {
    const { code, message } = JSON.parse(text) as { readonly code?: string; readonly message?: string };
    if (code && message) return new ClientError(code, message);
  } catch {
    // not one of our server's answers
  }
  return new ClientError('BUSY', `The upload of ${sha256} was answered ${status}: ${text.slice(0, 200)}`);
}

/** Codes of the file system, which no network gives. */
const isOfFile = (error: unknown): boolean =>
  ['ENOENT', 'EACCES', 'EISDIR', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '');
