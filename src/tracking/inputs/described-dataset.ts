import type { KeyValue, RunInput } from '../run';

/** The tag that says what the data was for: `training`, `validation`, … */
export const CONTEXT_TAG = 'mlflow.data.context';

/** Data that a run reads, as its client describes it: the platform has no bytes of it. */
export interface DescribedDataset extends Omit<RunInput, 'tags' | 'context'> {
  readonly tags: readonly KeyValue[];
}

/** The name of the dataset that such data is a version of: a client's own may have signs that stand in references. */
export const datasetNameOf = (name: string): string =>
  name
    .replaceAll(/[/\\:@\p{Cc}]/gu, '_')
    .trim()
    .slice(0, 255) || 'dataset';
