import type { Outcome } from '../outcome';
import type { Double } from './double';
import { operation } from './operation';

export interface DatasetColumn {
  readonly name: string;
  readonly datatype: string;
  readonly missing: number;
  readonly distinct: number | null;
  readonly min: Double | null;
  readonly mean: Double | null;
  readonly max: Double | null;
}

export interface DatasetVersion {
  readonly ref: string;
  readonly rowCount: number | null;
  readonly sha256: string | null;
  readonly columns: readonly DatasetColumn[];
}

type Registered = Outcome<
  'RegisterDatasetVersionSuccess',
  { readonly created: boolean; readonly version: DatasetVersion }
>;

export const REGISTER_DATASET_VERSION = operation<
  { readonly registerDatasetVersion: Registered },
  { readonly input: { dataset: string; artifact: { sha256: string }; target: string } }
>(`
  mutation RegisterDatasetVersion($input: RegisterDatasetVersionInput!) {
    registerDatasetVersion(input: $input) {
      __typename
      ... on RegisterDatasetVersionSuccess {
        created
        version { ref rowCount sha256 columns { name datatype missing distinct min mean max } }
      }
      ... on UserError { code message }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);
