import { operation } from '../../client/operations/operation';

export interface TensorSpec {
  readonly name: string;
  readonly datatype: string;
  /** -1 may vary. */
  readonly shape: readonly (number | string)[];
}
export interface Column {
  readonly name: string;
  readonly datatype: string;
  readonly nullable: boolean;
}
export interface Signature {
  readonly batchable: boolean;
  readonly columns: readonly Column[];
  readonly inputs: readonly TensorSpec[];
}
export interface AskedVersion {
  readonly ref: string;
  readonly signature: Signature;
}
interface AskedEndpoint {
  readonly settings: { readonly cacheTtlMs: number };
  readonly variants: readonly {
    readonly shadow: boolean;
    readonly weight: number;
    readonly version: AskedVersion;
  }[];
}

const SIGNATURE = 'signature { batchable columns { name datatype nullable } inputs { name datatype shape } }';

/** What is behind an endpoint, and what it takes. */
export const ASKED_ENDPOINT = operation<
  { readonly endpoint: AskedEndpoint | null },
  { readonly name: string }
>(`query AskedEndpoint($name: String!) {
  endpoint(name: $name) { settings { cacheTtlMs } variants { shadow weight version { ref ${SIGNATURE} } } }
}`);

/** What a version takes. */
export const ASKED_VERSION = operation<
  { readonly modelVersion: AskedVersion | null },
  { readonly ref: string }
>(`query AskedVersion($ref: String!) { modelVersion(ref: $ref) { ref ${SIGNATURE} } }`);
