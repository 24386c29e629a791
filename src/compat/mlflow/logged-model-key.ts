import type { LoggedModelId } from '../../tracking/tracking';

/** MLflow's clients know a logged model by its prefix, and tell it from a registered one's name by that. */
const KEY = /^m-([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

export const loggedModelKey = (id: LoggedModelId): string => `m-${id.replaceAll('-', '')}`;

/** Null where the text is not one of our keys, so that a wrong one reads as “not found”. */
export function loggedModelIdOf(key: string): LoggedModelId | null {
  const parts = KEY.exec(key)?.slice(1);
  return parts ? (parts.join('-') as LoggedModelId) : null;
}
