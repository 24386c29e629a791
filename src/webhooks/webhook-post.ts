import { lookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address';

/** Time for a whole delivery, its connection and its answer, in ms. */
export const POST_TIMEOUT_MS = 10_000;
/** What is read of an answer: nobody needs more than its status, and a sentence to a person. */
const MAX_ANSWER_BYTES = 4_096;

export interface Posted {
  readonly status: number;
  /** Its beginning. */
  readonly body: string;
  /** How long to wait, where it says so. */
  readonly retryAfterMs: number | null;
}

/** The address is none that deliveries may go to; it will not become one by trying again. */
export class ClosedAddress extends Error {}

export interface PostInput {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether it may go to any address; else only to those of the public internet. */
  readonly isTrusted: boolean;
  readonly signal: AbortSignal;
}

/**
 * Posts a body and answers what came. Redirects are not followed. The address is judged when it is connected to, not
 * before: a name may mean another address the next time.
 *
 * @throws ClosedAddress, or whatever the network says
 */
export function post({ url, headers, body, isTrusted, signal }: PostInput): Promise<Posted> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!isTrusted && isIP(host) !== 0 && !isPublicAddress(host)) return Promise.reject(closed(host));
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(POST_TIMEOUT_MS)]),
      ...(!isTrusted && { lookup: publicLookup }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      answerOf(response).then(resolve, reject);
    });
    request.end(body);
  });
}

async function answerOf(response: IncomingMessage): Promise<Posted> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((size += chunk.length) >= MAX_ANSWER_BYTES) break; // which ends the connection
  }
  const body = Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString();
  const seconds = Number(response.headers['retry-after']);
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
  return { status: response.statusCode ?? 0, body, retryAfterMs };
}

/** Only the public ones of a name's addresses. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const open = error ? [] : addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = open;
    if (error) callback(error, []);
    else if (!first) callback(closed(hostname), []);
    else if (options.all) callback(null, open);
    else callback(null, first.address, first.family);
  });
};

const closed = (host: string) =>
  new ClosedAddress(
    `“${host}” is not on the public internet. Whoever runs the server can allow it: WEBHOOK_PRIVATE_HOSTS.`,
  );
