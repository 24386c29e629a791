interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** What went wrong, in words: exceptions with their cause, errors of a subscription, a lost WebSocket. */
export function describeFailure(failure: unknown): string {
  if (failure instanceof Error) return [failure.message, ...causeOf(failure)].join(': ');
  if (Array.isArray(failure)) return failure.map(describeFailure).join('\n');
  if (isClosed(failure)) return `The WebSocket was closed (${failure.code} ${failure.reason}).`;
  return hasMessage(failure) ? failure.message : String(failure);
}

/** `fetch` says no more than “fetch failed”; its cause knows why, sometimes by a code only. */
function causeOf({ cause }: Error): string[] {
  if (!(cause instanceof Error)) return [];
  return [cause.message || String((cause as NodeJS.ErrnoException).code)];
}

const isClosed = (failure: unknown): failure is Closed =>
  typeof failure === 'object' && failure !== null && 'code' in failure && 'reason' in failure;

const hasMessage = (failure: unknown): failure is { readonly message: string } =>
  typeof failure === 'object' && failure !== null && 'message' in failure;
