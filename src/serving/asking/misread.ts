import type { Actor } from '../../kernel/actor';
import { refuse, type InvalidInput } from '../../kernel/errors';
import type { Door } from '../predictions/door';
import type { PredictInput } from './predict-input';
import type { PredictRequest } from '../predictions/prediction';
import { routeOf } from '../routing/choose-route';
import { observed } from '../seen/observed';

/**
 * Counts a question that a door could not read, or that asks for what nobody gives, among those that were refused:
 * whoever watches an endpoint must see that its callers send what nobody understands.
 */
export async function misread(
  parts: PredictInput,
  actor: Actor,
  { endpoint, ref, pinned }: Pick<PredictRequest, 'endpoint' | 'ref' | 'pinned'>,
  door: Door,
  message: string,
): Promise<void> {
  const question = { endpoint, ref, pinned, door };
  const route = await routeOf(parts.routing, actor, question);
  if (!route || 'kind' in route) return; // gone since: it has no counts any more
  const error: InvalidInput = { kind: 'InvalidInputError', code: 'INVALID_INPUT', message, issues: [] };
  observed(parts, { actor, route, startedAt: performance.now() }, question, 0, refuse(error));
}
