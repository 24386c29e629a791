import { Failure, unavailable } from '../errors';

/** The database does not answer: nobody's call can be done, and every one of them may be later. */
export class DatabaseAway extends Failure {
  constructor(options?: { readonly cause?: unknown }) {
    const { code, message, facts, cause } = unavailable('The database', options);
    super(code, message, facts);
    this.cause = cause;
  }
}
