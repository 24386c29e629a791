import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { tryUntil } from '../../client/call-until';
import { ClientError, reasonOf } from '../../client/client-error';
import { retryAfterOf } from '../../client/graphql-call';
import { parsedObject, textIn, type JsonObject } from './json-fields';
import type { SourceFile } from './source-run';

/** The server has understood, and says no: the same again gets the same answer. */
export class MlflowRefusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Longest that one call may take, in ms: a search among many runs of a slow server does. */
const CALL_MS = 120_000;
/** Silence of a connection after which an upload is tried again, in ms. */
const SILENCE_MS = 60_000;
/** What of an answer that is no JSON is shown. */
const MAX_SHOWN = 200;

export interface HttpPlace {
  /** Without a slash at its end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How long a call is tried while nobody answers, in ms. */
  readonly patienceMs: number;
  readonly stop: AbortSignal;
}

/** A fault of the server's own may be over the next time, or may not: so often it is asked. */
const MAX_FAULTS = 3;
interface Tries {
  readonly isOnce: boolean;
  faults: number;
}
const tries = (isOnce = false): Tries => ({ isOnce, faults: 0 });

type Query = Readonly<Record<string, string | readonly string[]>>;

/** A server that speaks MLflow's REST API: MLflow's own, to read from, or ours, to write to. */
export class MlflowHttp {
  constructor(private readonly place: HttpPlace) {}

  get = (path: string, query: Query = {}): Promise<JsonObject> =>
    this.call('GET', `/api/2.0/mlflow/${path}${queryText(query)}`, null);

  /** Must be harmless where it comes twice: an answer may be lost. */
  send = (method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object): Promise<JsonObject> =>
    this.call(method, `/api/2.0/mlflow/${path}`, body);

  /**
   * For what would be there twice: it is tried again only where nothing can have arrived. Otherwise a ClientError says
   * that nobody knows.
   */
  sendOnce = (path: string, body: object): Promise<JsonObject> =>
    this.call('POST', `/api/2.0/mlflow/${path}`, body, true);

  /** The bytes at an address of the server. */
  async download(path: string): Promise<Readable> {
    const { url, headers, patienceMs } = this.place;
    const counted = tries();
    const response = await tryUntil(performance.now() + patienceMs, () =>
      this.attempt(async () => {
        const answer = await fetch(`${url}${path}`, { headers, redirect: 'error', signal: this.place.stop });
        if (!answer.ok) throw await refusalIn(answer);
        return answer;
      }, counted),
    );
    return response.body ? Readable.fromWeb(response.body as ReadableStream) : Readable.from([]);
  }

  /** Sends a file's bytes, as many as its source has said. */
  async upload(path: string, file: SourceFile): Promise<number> {
    const counted = tries();
    return tryUntil(performance.now() + this.place.patienceMs, () =>
      this.attempt(() => this.put(path, file), counted),
    );
  }

  private call(method: string, path: string, body: object | null, isOnce = false): Promise<JsonObject> {
    const { url, headers, patienceMs, stop } = this.place;
    const counted = tries(isOnce);
    return tryUntil(performance.now() + patienceMs, () =>
      this.attempt(async () => {
        const answer = await fetch(`${url}${path}`, {
          method,
          headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
          body: body && JSON.stringify(body),
          redirect: 'error',
          signal: AbortSignal.any([stop, AbortSignal.timeout(CALL_MS)]),
        });
        if (!answer.ok) throw await refusalIn(answer);
        const text = await answer.text();
        const json = text === '' ? {} : parsedObject(text);
        if (!json)
          throw new ClientError('NOT_MLFLOW', `${url}${path} answered no JSON: ${text.slice(0, MAX_SHOWN)}`);
        return json;
      }, counted),
    );
  }

  /** One try. What a later one may mend is no error yet. */
  private async attempt<Value>(work: () => Promise<Value>, tries: Tries) {
    try {
      return { isDone: true, data: await work() } as const;
    } catch (error) {
      if (error instanceof MlflowRefusal || error instanceof ClientError) throw error;
      if (isOfFile(error))
        throw new MlflowRefusal('UNREADABLE', `The file cannot be read: ${reasonOf(error)}.`);
      if (this.place.stop.aborted) throw new ClientError('STOPPED', 'The import was stopped.');
      if (error instanceof Busy && error.status === 500 && (tries.faults += 1) >= MAX_FAULTS)
        throw new MlflowRefusal('INTERNAL_ERROR', error.message);
      const later =
        error instanceof Busy
          ? { message: error.message, retryAfterMs: error.retryAfterMs, isDone: error.status !== 429 }
          : {
              message: `No answer from ${this.place.url}: ${reasonOf(error)}.`,
              retryAfterMs: null,
              isDone: causeCode(error) !== 'ECONNREFUSED',
            };
      const failure = new ClientError('UNREACHABLE', later.message);
      if (tries.isOnce && later.isDone) throw new ClientError('UNCERTAIN', later.message);
      return { isDone: false, error: failure, retryAfterMs: later.retryAfterMs } as const;
    }
  }

  /** `fetch` would send a stream in chunks, without the length that lets a server refuse it before it has come. */
  private async put(path: string, file: SourceFile): Promise<number> {
    const { url, headers, stop } = this.place;
    const target = new URL(`${url}${path}`);
    const open = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const length = file.sizeBytes === null ? {} : { 'content-length': file.sizeBytes };
    const bytes = await file.open();
    let sent = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        sent += chunk.length;
        done(null, chunk);
      },
    });
    const answer = await new Promise<Response>((resolve, reject) => {
      const request = open(target, {
        method: 'PUT',
        headers: { ...headers, 'content-type': 'application/octet-stream', ...length },
        timeout: SILENCE_MS,
        signal: stop,
      });
      request.on('timeout', () => request.destroy(new Error(`nothing for ${SILENCE_MS / 1_000} s`)));
      request.on('error', reject);
      // Once there is an answer, it does not matter that the rest could not be sent.
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          resolve(
            new Response(body || null, {
              status: response.statusCode ?? 500,
              headers: plain(response.headers),
            }),
          );
          request.destroy();
        });
      });
      pipeline(bytes, counted, request).catch(reject);
    });
    if (!answer.ok) throw await refusalIn(answer);
    if (file.sizeBytes !== null && sent !== file.sizeBytes)
      throw new MlflowRefusal(
        'CHANGED',
        `The file has ${sent} bytes, and not the ${file.sizeBytes} that it had.`,
      );
    return sent;
  }
}

/**
 * Codes of the file system, which no network gives: a file of this machine that cannot be read is no fault of the
 * server's.
 */
const isOfFile = (error: unknown): boolean =>
  ['ENOENT', 'EACCES', 'EISDIR', 'EIO', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The server says that it cannot just now. */
class Busy extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterMs: number | null,
  ) {
    super(message);
  }
}

async function refusalIn(answer: Response): Promise<Error> {
  const text = await answer.text();
  const json = parsedObject(text) ?? {};
  const message = textIn(json, 'message') || `It answered ${answer.status}: ${text.slice(0, MAX_SHOWN)}`;
  const code = textIn(json, 'error_code') || String(answer.status);
  if (answer.status === 401 || answer.status === 403)
    return new ClientError(
      'UNAUTHENTICATED',
      `${answer.url || 'The server'} takes no such credential: ${message}`,
    );
  if (answer.status === 507) return new ClientError('STORE_FULL', message);
  if (answer.status === 429 || answer.status >= 500)
    return new Busy(answer.status, message, retryAfterOf(answer.headers.get('retry-after')));
  return new MlflowRefusal(code, message);
}

function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => [name, one] as [string, string]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

const plain = (headers: NodeJS.Dict<string | string[]>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );

const causeCode = (error: unknown): string | undefined =>
  ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;

/** The segments of a path, each as an address has it. */
export const pathText = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
