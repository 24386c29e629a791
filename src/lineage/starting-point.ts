/** What a text may stand for, tried in this order. */
export const STARTS = ['endpoint', 'model', 'dataset'] as const;
export type Start = (typeof STARTS)[number];

export interface StartingPoint {
  readonly starts: readonly Start[];
  readonly name: string;
}

/**
 * `endpoint:NAME`, `model:REF` and `dataset:REF` say what is meant. No name contains “:”, so a text without one of
 * these words is a name or a reference: of an endpoint, else of a model, else of a dataset.
 */
export function parseStartingPoint(text: string): StartingPoint {
  const start = STARTS.find((word) => text.startsWith(`${word}:`));
  return start ? { starts: [start], name: text.slice(start.length + 1) } : { starts: STARTS, name: text };
}
