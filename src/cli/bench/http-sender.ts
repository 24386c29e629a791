import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Door } from './door';
import { TIMED_OUT, type Outcome } from './measurement';
import type { Question, Sender } from './sender';

/** What of an answer is kept to be looked at: where it says what went wrong. The rest is counted and dropped. */
const MAX_KEPT_BYTES = 65_536;

interface HttpSenderOptions {
  readonly door: Door;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxConnections: number;
  readonly timeoutMs: number;
}

/** Requests over kept connections. */
export class HttpSender implements Sender {
  private readonly agent: HttpAgent;
  private readonly request: typeof httpRequest;
  private readonly origin: string;

  constructor(private readonly options: HttpSenderOptions) {
    const isSecure = options.url.startsWith('https:');
    const settings = { keepAlive: true, maxSockets: options.maxConnections, maxFreeSockets: Infinity };
    this.agent = isSecure ? new HttpsAgent(settings) : new HttpAgent(settings);
    this.request = isSecure ? httpsRequest : httpRequest;
    this.origin = options.url;
  }

  send({ headers, body }: Question): Promise<Outcome> {
    const { door } = this.options;
    return new Promise((resolve) => {
      const request = this.request(`${this.origin}${door.path}`, {
        method: 'POST',
        agent: this.agent,
        headers: { ...this.options.headers, ...headers, 'content-length': body.length },
      });
      const timer = setTimeout(() => {
        end({ code: TIMED_OUT, message: `no answer within ${this.options.timeoutMs} ms (--timeout)` });
        request.destroy();
      }, this.options.timeoutMs);
      const end = (outcome: Outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      request.on('error', (error) => end(failure(error)));
      request.on('response', (response) => {
        response.on('error', (error) => end(failure(error)));
        readStart(response, (start) => end(door.outcomeOf(response.statusCode ?? 0, start)));
      });
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Reads an answer to its end, and gives its first bytes. */
function readStart(response: IncomingMessage, done: (start: Buffer) => void): void {
  const chunks: Buffer[] = [];
  let kept = 0;
  response.on('data', (chunk: Buffer) => {
    if (kept < MAX_KEPT_BYTES) chunks.push(chunk.subarray(0, MAX_KEPT_BYTES - kept));
    kept += chunk.length;
  });
  response.on('end', () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
}

function failure(error: NodeJS.ErrnoException): Outcome {
  return { code: error.code ?? 'CONNECTION', message: error.message };
}
