/** The same request will be refused again: the runtime refuses its values, or it is too large. The message says why. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';

  /** @param expected what a caller should have sent, where more is known than that the model refuses it */
  constructor(
    message: string,
    readonly expected = 'values that the model accepts',
  ) {
    super(message);
  }
}
