import { readFileSync } from 'node:fs';
import { CannotStart } from '../../kernel/cannot-start';
import { isAmong, parseRemotePlace, placeName, type RemotePlace } from '../../kernel/remote-place';
import type { RemoteDocument } from '../execution/remote-document';

/** A secret that may be sent to some remotes, and to no others. */
interface Credential {
  readonly token: string;
  readonly places: readonly RemotePlace[];
}
export type Credentials = ReadonlyMap<string, Credential>;

/** What the operator allows: which remotes, and which secrets for whom. */
export class RemotePolicy {
  constructor(
    private readonly allowed: readonly RemotePlace[],
    private readonly credentials: Credentials,
  ) {}

  /** The secret to send, null for none; or why the remote must not be asked, in a sentence. */
  admit({
    url,
    credential,
  }: RemoteDocument): { readonly token: string | null } | { readonly refusal: string } {
    if (!isAmong(url, this.allowed))
      return {
        refusal: `The server may not ask ${placeName(url)}. Whoever runs it can allow that: REMOTE_BACKENDS=${placeName(url)}`,
      };
    if (credential === null) return { token: null };
    const known = this.credentials.get(credential);
    if (!known)
      return {
        refusal: `There is no credential “${credential}”. Whoever runs the server can add it to REMOTE_CREDENTIALS_FILE.`,
      };
    if (!isAmong(url, known.places))
      return {
        refusal: `The credential “${credential}” is not for ${placeName(url)}, so it is not sent there.`,
      };
    return { token: known.token };
  }
}

/**
 * Reads `{"NAME": {"token": "…", "origins": ["grpc://host:8001"]}}`.
 *
 * @throws Error with a sentence that repeats no secret
 */
export function readCredentials(path: string): Credentials {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // A parser's message may repeat what it read.
    const why = error instanceof SyntaxError ? 'it is no JSON' : (error as Error).message;
    throw new CannotStart(`REMOTE_CREDENTIALS_FILE cannot be read: ${why}.`, { cause: undefined });
  }
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : [];
  return new Map(entries.map(([name, value]) => [name, credentialOf(name, value)]));
}

function credentialOf(name: string, value: unknown): Credential {
  const { token, origins } = (value ?? {}) as { token?: unknown; origins?: unknown };
  const places = Array.isArray(origins)
    ? origins.map((origin) => (typeof origin === 'string' ? parseRemotePlace(origin) : null))
    : [];
  const known = places.filter((place) => place !== null);
  // What a header cannot carry would make every call fail, and the error would repeat it.
  const isToken = typeof token === 'string' && /^[\x21-\x7e]{1,4096}$/.test(token);
  if (!isToken || known.length === 0 || known.length < places.length)
    throw new CannotStart(
      `REMOTE_CREDENTIALS_FILE: “${name}” needs a “token” of printable characters, and “origins”, a list such as ["grpc://host:8001"].`,
    );
  return { token, places: known };
}
