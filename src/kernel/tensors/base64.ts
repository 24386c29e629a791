/**
 * Standard or URL-safe, padded or not; null where it is anything else. Node's decoder passes over what is no digit, and
 * takes 'Ł' for 'A': whoever sends such a thing means something else.
 */
export function bytesOfBase64(base64: string): Buffer | null {
  const padding = base64.indexOf('=');
  const digits = padding === -1 ? base64 : base64.slice(0, padding);
  const isPadded = padding === -1 || (base64.length % 4 === 0 && /^==?$/.test(base64.slice(padding)));
  const isAscii = Buffer.byteLength(digits) === digits.length;
  if (!isPadded || !isAscii || digits.length % 4 === 1) return null;
  const bytes = Buffer.from(digits, 'base64');
  return bytes.length === Math.floor((digits.length * 3) / 4) ? bytes : null; // fewer, where something was passed over
}

/** What makes it none, for a person. */
export function describeNotBase64(text: string): string {
  const place = text.search(/[^A-Za-z0-9+/_=-]/);
  return place === -1
    ? `${text.length} characters that end otherwise`
    : `${JSON.stringify(String.fromCodePoint(text.codePointAt(place) ?? 0))} at place ${place}`;
}
