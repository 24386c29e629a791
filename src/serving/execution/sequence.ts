/** A question's place in a sequence, which a stateful model of another server answers by what it was asked before. */
export interface Sequence {
  /** Never 0 and never empty, which mean that there is none. A bigint beyond 2^53. */
  readonly id: number | bigint | string;
  readonly start: boolean;
  readonly end: boolean;
}

/** By which all questions of one sequence go to one variant. */
export const sequenceKey = ({ id }: Sequence): string => `sequence ${typeof id} ${id}`;
