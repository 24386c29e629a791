/** Where models may be: a host with its port, over one scheme or over any. */
export interface RemotePlace {
  /** With its colon; null: any. */
  readonly scheme: string | null;
  /** Host and port. `*.` at its beginning stands for names below the rest. */
  readonly host: string;
}

const PORT_OF: Readonly<Record<string, string>> = { 'http:': ':80', 'https:': ':443' };
/** `scheme://host:port`, or `host:port`; hosts as URLs have them, IPv6 in brackets. */
const PLACE =
  /^(?:(https?|grpcs?):\/\/)?((?:\*\.)?(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]))(:\d{1,5})?$/;

/** Null where the text is no place. */
export function parseRemotePlace(text: string): RemotePlace | null {
  const [, scheme, host, port] = PLACE.exec(text.trim().toLowerCase()) ?? [];
  if (host === undefined) return null;
  const withPort = port ?? (scheme === undefined ? undefined : PORT_OF[`${scheme}:`]);
  return withPort === undefined ? null : { scheme: scheme ? `${scheme}:` : null, host: host + withPort };
}

const hostOf = (url: URL): string =>
  (url.port === '' ? `${url.host}${PORT_OF[url.protocol] ?? ''}` : url.host).toLowerCase();
/** As the configuration would name it. */
export const placeName = (url: URL): string => `${url.protocol}//${hostOf(url)}`;

export function isAmong(url: URL, places: readonly RemotePlace[]): boolean {
  const host = hostOf(url);
  return places.some(
    (place) =>
      (place.scheme === null || place.scheme === url.protocol) &&
      (place.host.startsWith('*.') ? host.endsWith(place.host.slice(1)) : place.host === host),
  );
}
