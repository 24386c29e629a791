import {
  Agent as HttpAgent,
  request as requestHttp,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { RemoteFailure, remoteWords } from './remote-failure';
import type { CallLimits } from './remote-inference';

/** How long a connection that nobody uses is kept, in ms; most servers close it sooner. */
const IDLE_MS = 30_000;
/** Connections that are kept while nobody uses them. */
const MAX_IDLE_SOCKETS = 16;

export interface HttpQuestion {
  readonly method: 'GET' | 'POST';
  /** Below the server's own address. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly Uint8Array[];
  /** Largest answer, in bytes: what is longer is cut off while it comes. */
  readonly maxBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Asks one HTTP server, over connections that are kept. Redirects are answers like others: nothing follows them. */
export class HttpCaller {
  private readonly agent: HttpAgent;
  private readonly request: typeof requestHttp;
  private readonly base: string;

  constructor(
    url: URL,
    private readonly token: string | null,
  ) {
    const isSecure = url.protocol === 'https:';
    const options = { keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS, timeout: IDLE_MS };
    this.agent = isSecure ? new HttpsAgent(options) : new HttpAgent(options);
    this.request = isSecure ? requestHttps : requestHttp;
    this.base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  }

  /** @throws RemoteFailure where there is no whole answer within the limits */
  call(question: HttpQuestion, { timeoutMs, signal }: CallLimits): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled());
      const { method, path, headers, body = [], maxBytes } = question;
      const request = this.request(`${this.base}${path}`, {
        method,
        agent: this.agent,
        headers: {
          ...headers,
          'accept-encoding': 'identity', // what is packed could be larger than it looks
          'content-length': body.reduce((sum, { length }) => sum + length, 0),
          ...(this.token !== null && { authorization: `Bearer ${this.token}` }),
        },
      });
      let hasAnswer = false;
      let isOver = false;
      const end = (outcome: HttpAnswer | RemoteFailure) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
        if (outcome instanceof RemoteFailure) {
          request.destroy();
          reject(outcome);
        } else resolve(outcome);
      };
      const cancel = () => end(cancelled());
      const timer = setTimeout(() => end(tooSlow(timeoutMs)), timeoutMs);
      signal?.addEventListener('abort', cancel);
      request.on('response', (response) => {
        hasAnswer = true;
        readWhole(response, maxBytes, end);
      });
      request.on('error', (error) => end(hasAnswer ? brokeOff() : unreachable(error)));
      // Whatever else ends a connection, as an upgrade does that nobody asked for.
      request.on('close', () =>
        end(hasAnswer ? brokeOff() : unreachable(new Error('it closed the connection'))),
      );
      for (const piece of body) request.write(piece);
      request.end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Nothing is kept beyond the limit, whatever the answer says of its own length. */
function readWhole(
  response: IncomingMessage,
  maxBytes: number,
  end: (outcome: HttpAnswer | RemoteFailure) => void,
): void {
  const { statusCode = 0, headers } = response;
  if (Number(headers['content-length'] ?? 0) > maxBytes) return end(tooLarge(maxBytes));
  const pieces: Buffer[] = [];
  let size = 0;
  response.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size > maxBytes) return end(tooLarge(maxBytes));
    pieces.push(piece);
  });
  response.on('error', () => end(brokeOff()));
  response.on('end', () =>
    end(response.complete ? { status: statusCode, headers, body: Buffer.concat(pieces, size) } : brokeOff()),
  );
}

const cancelled = () => new RemoteFailure('cancelled', 'The call to the remote was cancelled.');
const tooSlow = (timeoutMs: number) =>
  new RemoteFailure('timeout', `The remote did not answer within ${Math.ceil(timeoutMs)} ms.`);
const brokeOff = () => new RemoteFailure('broken', 'The remote’s answer broke off.');
const tooLarge = (maxBytes: number) =>
  new RemoteFailure('broken', `The remote’s answer is larger than ${maxBytes} bytes.`);

/** Nothing of an answer has come, so that nobody is misled where the question is asked again. */
const unreachable = (error: Error) =>
  new RemoteFailure('unreachable', `The remote cannot be reached: ${remoteWords(error.message)}.`, true);
