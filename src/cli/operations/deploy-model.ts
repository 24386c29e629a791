import { operation } from '../../client/operations/operation';
import type { Signature } from './asked-model';
import type { Refusal } from './refusal';

const REFUSED =
  '... on UserError { code message } ... on InvalidInputError { issues { path expected actual } }';

export interface Registered {
  readonly created: boolean;
  readonly version: { readonly ref: string; readonly number: string; readonly signature: Signature };
}
interface RegisterInput {
  readonly model: string;
  readonly artifact: { readonly sha256: string };
  readonly runId?: string | undefined;
  readonly columns?: readonly { readonly input: string; readonly names: readonly string[] }[];
  readonly labels?: readonly string[] | undefined;
  readonly datasets?: readonly string[] | undefined;
  readonly metrics?: readonly { readonly key: string; readonly value: number }[];
}

/** Makes a file that is there a version of a model. */
export const REGISTER_VERSION = operation<
  { readonly result: Registered | Refusal },
  { readonly input: RegisterInput }
>(`mutation RegisterVersion($input: RegisterModelVersionInput!) {
  result: registerModelVersion(input: $input) {
    __typename ${REFUSED}
    ... on RegisterModelVersionSuccess {
      created
      version {
        ref number
        signature { batchable columns { name datatype nullable } inputs { name datatype shape } }
      }
    }
  }
}`);

export interface Promoted {
  readonly alias: { readonly revision: number };
  readonly previous: { readonly ref: string } | null;
}
interface PromoteInput {
  readonly ref: string;
  readonly alias: string;
  readonly reason?: string | undefined;
  readonly acceptContractBreak: boolean;
}

/** Moves an alias, if the gates let it. */
export const PROMOTE_VERSION = operation<
  { readonly result: Promoted | Refusal },
  { readonly input: PromoteInput }
>(`mutation PromoteVersion($input: PromoteModelVersionInput!) {
  result: promoteModelVersion(input: $input) {
    __typename ${REFUSED} ... on GateNotPassedError { gates { name passed message } }
    ... on PromoteModelVersionSuccess { alias { revision } previous { ref } }
  }
}`);

export interface DeployedEndpoint {
  readonly variants: readonly { readonly ref: string; readonly shadow: boolean }[];
}

/** Who answers at an endpoint. */
export const ENDPOINT_VARIANTS = operation<
  { readonly endpoint: DeployedEndpoint | null },
  { readonly name: string }
>('query EndpointVariants($name: String!) { endpoint(name: $name) { variants { ref shadow } } }');

interface DeployInput {
  readonly name: string;
  readonly variants: readonly { readonly ref: string; readonly weight: number }[];
  readonly expectedRevision: number;
}

/** Makes an endpoint. */
export const DEPLOY_ENDPOINT = operation<
  { readonly result: { readonly created: boolean } | Refusal },
  { readonly input: DeployInput }
>(`mutation DeployEndpoint($input: DeployEndpointInput!) {
  result: deployEndpoint(input: $input) { __typename ${REFUSED} ... on DeployEndpointSuccess { created } }
}`);
