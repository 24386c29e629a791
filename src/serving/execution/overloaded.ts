/** The model's queue is full. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';

  /** @param retryAfterMs when the rows that wait now should have been answered */
  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}
