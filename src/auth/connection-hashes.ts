interface LastHash {
  readonly authorization: string | undefined;
  readonly hash: string;
}

/**
 * The hash of the key that each connection has used last, so that a key is hashed once for many calls. A header is only
 * compared with what the same connection has sent: how long that takes tells nobody anything of another's key.
 */
export class ConnectionHashes {
  private readonly last = new WeakMap<object, LastHash>();

  /** @param hashOf throws where the header holds no key; nothing is kept then */
  constructor(private readonly hashOf: (authorization: string | undefined) => string) {}

  of(connection: object, authorization: string | undefined): string {
    const last = this.last.get(connection);
    if (last !== undefined && last.authorization === authorization) return last.hash;
    const hash = this.hashOf(authorization);
    this.last.set(connection, { authorization, hash });
    return hash;
  }
}
