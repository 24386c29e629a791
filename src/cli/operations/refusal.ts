/** A member of a result union that is no success. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly issues?: readonly { readonly path: string; readonly expected: string; readonly actual: string }[];
  readonly gates?: readonly { readonly name: string; readonly passed: boolean; readonly message: string }[];
}
