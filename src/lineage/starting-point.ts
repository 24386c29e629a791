/** What a text may stand for, tried in this order. */
export const STARTS = ['endpoint', 'model', 'dataset'] as const;
export type Start = (typeof STARTS)[number];

/** `name@3` is how datasets are named; of a model it means the third version. */
const DATASET_FIRST: readonly Start[] = ['endpoint', 'dataset', 'model'];
const ENDS_IN_A_NUMBER = /@\d+$/;

export interface StartingPoint {
  readonly starts: readonly Start[];
  readonly name: string;
}

/**
 * `endpoint:NAME`, `model:REF` and `dataset:REF` say what is meant. No name contains “:”, so a text without one of
 * these words is a name or a reference: of an endpoint, else of a model, else of a dataset (a dataset before a model
 * where it ends in a plain number).
 */
export function parseStartingPoint(text: string): StartingPoint {
  const start = STARTS.find((word) => text.startsWith(`${word}:`));
  if (start) return { starts: [start], name: text.slice(start.length + 1) };
  return { starts: ENDS_IN_A_NUMBER.test(text) ? DATASET_FIRST : STARTS, name: text };
}
