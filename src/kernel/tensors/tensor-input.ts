/** A tensor as a client sends it in JSON. Names, sizes and values are checked against the model's signature. */
export interface TensorInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly unknown[];
  /**
   * Row-major values, flat or nested; of BYTES texts, or bytes from doors that have them. Exactly one of `data`,
   * `base64` and `bytes`.
   */
  readonly data?: readonly unknown[];
  /** Little-endian bytes; BYTES as 4 bytes of length before each element. */
  readonly base64?: string;
  /** The same bytes as they are, from a door that takes them; they may be a view that others share. */
  readonly bytes?: Uint8Array;
  /** The field that the client wrote `bytes` in, which messages name; absent: it wrote them as they are. */
  readonly bytesFrom?: 'base64';
}

const MEMBERS: ReadonlySet<string> = new Set(['name', 'datatype', 'shape', 'data', 'base64']);

/** The first member that tensors in JSON do not have: whatever a client asks for by it, nobody would do. */
export function foreignMember(tensor: object): string | undefined {
  for (const name of Object.keys(tensor)) if (!MEMBERS.has(name)) return name;
  return undefined;
}
