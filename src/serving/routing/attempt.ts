import type { Actor } from '../../kernel/actor';
import type { Route } from './route';

/** One try of a prediction: for whom, of which version, and in which time, on performance.now()'s clock. */
export interface Attempt {
  readonly actor: Actor;
  readonly route: Route;
  readonly startedAt: number;
  readonly deadlineAt: number;
}
