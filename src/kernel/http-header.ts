import type { IncomingMessage } from 'node:http';

/** A header that is given once; several of one name come as one text, joined by commas. */
export function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
