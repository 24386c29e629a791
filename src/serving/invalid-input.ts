/** The model's runtime refused the values: the same request will be refused again. The message says why. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}
