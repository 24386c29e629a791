import type { IncomingHttpHeaders } from 'node:http';

/** A header that is given once; several of one name come as one text, joined by commas. */
export function headerOf(
  { headers }: { readonly headers: IncomingHttpHeaders },
  name: string,
): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
