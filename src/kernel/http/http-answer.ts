import type { HttpResponse } from './http-exchange';

/** Headers of every answer: nothing we send may be read as something it does not say it is. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/** The same and that nobody keeps the answer, as pairs one after the other: the form that costs least to send. */
export const SAFE_HEADER_LIST: readonly string[] = [
  ...Object.entries(SAFE_HEADERS).flat(),
  'cache-control',
  'no-store',
];

/**
 * A text as it is, in one write with its headers: for answers of which there are thousands a second. A list of headers
 * costs a tenth of an object put together of parts, each of which would get a hidden class of its own.
 */
export function answerText(response: HttpResponse, status: number, contentType: string, text: string): void {
  const length = Buffer.byteLength(text);
  const headers = [...SAFE_HEADER_LIST, 'content-type', contentType, 'content-length', String(length)];
  response.writeHead(status, headers);
  if (length === text.length)
    response.end(text, 'latin1'); // all ASCII, which costs less to copy than UTF-8
  else response.end(text);
}

export function answerJson(
  response: HttpResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    ...SAFE_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(text);
}

/** How a door tells what went wrong outside its own answers: a code for programs, a sentence for people. */
export type AnswerError = (response: HttpResponse, status: number, code: string, message: string) => void;

/** An error outside GraphQL: a code for programs, a sentence for people. */
export const answerError = (response: HttpResponse, status: number, code: string, message: string): void =>
  answerJson(response, status, { code, message });

/** An error on `/graphql` before GraphQL could begin, in GraphQL's own form. */
export const answerGraphqlError = (
  response: HttpResponse,
  status: number,
  code: string,
  message: string,
): void => answerJson(response, status, { errors: [{ message, extensions: { code } }] });
