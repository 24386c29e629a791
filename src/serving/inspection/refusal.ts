/** Why a model file is not accepted: a code for programs, a sentence for people. */
export class ModelRefusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
