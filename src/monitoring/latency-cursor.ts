import { decodeCursor, encodeCursor } from '../kernel/cursor';
import { Failure } from '../kernel/errors';
import type { EndpointId } from '../serving/serving';

/** What a subscriber has seen: windows up to a time, and the endpoint at a revision. */
export interface LatencyCursor {
  readonly endpointId: EndpointId;
  readonly untilMs: number;
  readonly revision: number;
}

export const encodeLatencyCursor = ({ endpointId, untilMs, revision }: LatencyCursor): string =>
  encodeCursor([endpointId, untilMs, revision]);

/** Throws BAD_USER_INPUT where the text is no cursor of an event of this endpoint. */
export function decodeLatencyCursor(text: string, endpointId: EndpointId): LatencyCursor {
  const [ofEndpoint, untilMs, revision] = decodeCursor(text, 3) ?? [];
  const isOurs = ofEndpoint === endpointId && Number.isSafeInteger(untilMs) && Number.isSafeInteger(revision);
  if (!isOurs) {
    throw new Failure('BAD_USER_INPUT', 'after: expected the cursor of an event of this endpoint.');
  }
  return { endpointId, untilMs: Number(untilMs), revision: Number(revision) };
}
