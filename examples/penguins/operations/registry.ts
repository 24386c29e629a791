import type { GateResult, Outcome } from '../outcome';
import type { Double } from './double';
import { operation } from './operation';

export interface Limit {
  readonly key: string;
  readonly comparison: 'LTE' | 'GTE';
  readonly value: number;
}

export interface Model {
  readonly name: string;
  readonly optimizing: {
    readonly key: string;
    readonly direction: string;
    readonly tolerance: number;
  } | null;
  readonly limits: readonly Limit[];
}

export interface ModelVersion {
  readonly ref: string;
  readonly number: string;
  readonly reason: {
    readonly component: string;
    readonly summary: string;
    readonly evidence: readonly string[];
  };
  readonly signature: {
    readonly columns: readonly {
      readonly name: string;
      readonly datatype: string;
      readonly nullable: boolean;
    }[];
    readonly outputs: readonly { readonly name: string; readonly datatype: string }[];
  };
  readonly artifact: { readonly sha256: string; readonly sizeBytes: number };
}

export interface Alias {
  readonly name: string;
  readonly revision: number;
  readonly version: { readonly ref: string };
}

interface CreateModelInput {
  readonly name: string;
  readonly description: string;
  readonly optimizing: { key: string; direction: 'MINIMIZE' | 'MAXIMIZE'; tolerance: number };
  readonly limits: readonly Limit[];
}

interface RegisterModelVersionInput {
  readonly model: string;
  readonly artifact: { sha256: string };
  readonly runId: string;
  readonly metrics: readonly { key: string; value: Double; dataset: string }[];
  readonly labels: readonly string[];
  readonly datasets: readonly string[];
  readonly description: string;
}

interface PromoteInput {
  readonly ref: string;
  readonly alias: string;
  readonly expectedRevision?: number;
  readonly reason: string;
}

interface RollbackInput {
  readonly model: string;
  readonly alias: string;
  readonly reason: string;
  readonly expectedRevision?: number;
}

export const CREATE_MODEL = operation<
  {
    readonly createModel: Outcome<'CreateModelSuccess', { readonly created: boolean; readonly model: Model }>;
  },
  { readonly input: CreateModelInput }
>(`
  mutation CreateModel($input: CreateModelInput!) {
    createModel(input: $input) {
      __typename
      ... on CreateModelSuccess {
        created
        model { name optimizing { key direction tolerance } limits { key comparison value } }
      }
      ... on UserError { code message }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);

export const REGISTER_MODEL_VERSION = operation<
  {
    readonly registerModelVersion: Outcome<
      'RegisterModelVersionSuccess',
      { readonly created: boolean; readonly version: ModelVersion }
    >;
  },
  { readonly input: RegisterModelVersionInput }
>(`
  mutation RegisterModelVersion($input: RegisterModelVersionInput!) {
    registerModelVersion(input: $input) {
      __typename
      ... on RegisterModelVersionSuccess {
        created
        version {
          ref
          number
          reason { component summary evidence }
          signature { columns { name datatype nullable } outputs { name datatype } }
          artifact { sha256 sizeBytes }
        }
      }
      ... on UserError { code message }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);

export const ALIAS_OF_MODEL = operation<
  { readonly model: { readonly alias: Alias | null } | null },
  { readonly model: string; readonly alias: string }
>(`
  query AliasOfModel($model: String!, $alias: String!) {
    model(name: $model) { alias(name: $alias) { name revision version { ref } } }
  }
`);

export const PROMOTE_MODEL_VERSION = operation<
  {
    readonly promoteModelVersion: Outcome<
      'PromoteModelVersionSuccess',
      {
        readonly alias: Alias;
        readonly previous: { readonly ref: string } | null;
        readonly gates: readonly GateResult[];
      }
    >;
  },
  { readonly input: PromoteInput }
>(`
  mutation PromoteModelVersion($input: PromoteModelVersionInput!) {
    promoteModelVersion(input: $input) {
      __typename
      ... on PromoteModelVersionSuccess {
        alias { name revision version { ref } }
        previous { ref }
        gates { name passed actual limit unit message }
      }
      ... on UserError { code message }
      ... on GateNotPassedError { gates { name passed actual limit unit message } }
      ... on RevisionConflictError { actualRevision }
    }
  }
`);

export const ROLLBACK_ALIAS = operation<
  {
    readonly rollbackAlias: Outcome<
      'RollbackAliasSuccess',
      { readonly alias: Alias; readonly from: { readonly ref: string } }
    >;
  },
  { readonly input: RollbackInput }
>(`
  mutation RollbackAlias($input: RollbackAliasInput!) {
    rollbackAlias(input: $input) {
      __typename
      ... on RollbackAliasSuccess { alias { name revision version { ref } } from { ref } }
      ... on UserError { code message }
      ... on RevisionConflictError { actualRevision }
    }
  }
`);
