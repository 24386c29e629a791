/**
 * What keeps a server from starting and its operator can mend: the message says all, and our stack would say nothing
 * more.
 */
export class CannotStart extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotStart';
  }
}
