/** The lower-case hexadecimal SHA-256 of an artifact's bytes: its only name. */
export type Sha256 = string & { readonly kind: 'sha256' };

export interface Artifact {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}
