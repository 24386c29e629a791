const NO_SHARED_MEMORY = 'the server shares no memory with its callers; send tensors in the request';
const LOGGED = 'the server’s configuration says what is logged';

/** Why parts of Triton's protocol are not here, by the beginnings of what its calls and paths are called. */
const REASONS: readonly (readonly [start: string, why: string])[] = [
  ['systemsharedmemory', NO_SHARED_MEMORY],
  ['cudasharedmemory', NO_SHARED_MEMORY],
  ['trace', 'the server traces no single requests'],
  ['logging', LOGGED],
  ['logsettings', LOGGED],
];

/** The sentence for a call that is not answered here; null where nothing is known of it. */
export function notOffered(call: string): string | null {
  const lowerCase = call.toLowerCase();
  const [, why] = REASONS.find(([start]) => lowerCase.startsWith(start)) ?? [];
  return why === undefined ? null : `${call} is not offered: ${why}.`;
}
