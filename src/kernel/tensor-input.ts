/** A tensor as a client sends it in JSON. Names, sizes and values are checked against the model's signature. */
export interface TensorInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly unknown[];
  /** Row-major values, flat or nested. Exactly one of `data` and `base64`. */
  readonly data?: readonly unknown[];
  /** Little-endian bytes; text as 4 bytes of length before each element. */
  readonly base64?: string;
}
