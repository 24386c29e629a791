/** That a worker does not answer: since when, as far as this process has seen, and why, as it was last found. */
export interface Silence {
  readonly since: Date;
  /** A sentence. */
  readonly why: string;
}

/** @param before null: it answered until now */
export const silentBecause = (why: string, before: Silence | null): Silence => ({
  since: before?.since ?? new Date(),
  why,
});

export const sentenceOf = ({ since, why }: Silence): string =>
  `It has not answered since ${since.toISOString()}. ${why}`;
