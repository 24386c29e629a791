import type { HttpRequest } from './http-exchange';

/**
 * Whether nobody hears the answer any more. To be asked when an answer is about to cost something: listening to the end
 * of every connection costs more than that, for callers who nearly always stay.
 */
export const isCallerGone = ({ socket }: HttpRequest): boolean => socket.destroyed;
