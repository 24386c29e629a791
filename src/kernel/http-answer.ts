import type { ServerResponse } from 'node:http';

/** Headers of every answer: nothing we send may be read as something it does not say it is. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

export function answerJson(
  response: ServerResponse,
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
export type AnswerError = (response: ServerResponse, status: number, code: string, message: string) => void;

/** An error outside GraphQL: a code for programs, a sentence for people. */
export const answerError = (response: ServerResponse, status: number, code: string, message: string): void =>
  answerJson(response, status, { code, message });

/** An error on `/graphql` before GraphQL could begin, in GraphQL's own form. */
export const answerGraphqlError = (
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
): void => answerJson(response, status, { errors: [{ message, extensions: { code } }] });
