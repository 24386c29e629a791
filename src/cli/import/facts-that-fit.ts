import type { KeyValue } from '../../client/operations/runs';
import type { SourcePoint } from './source-run';
import type { Tally } from './tally';

/** The server's limits, in characters. */
const MAX_KEY_LENGTH = 250;
const MAX_PARAM_LENGTH = 6_000;
const MAX_TAG_LENGTH = 8_000;
export const MAX_NAME_LENGTH = 255;

/** The years 1 to 9999, which the server's times are in, as ms since 1970. */
const MIN_TIME_MS = Date.parse('0001-01-01T00:00:00Z');
const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const MIN_STEP = -(2n ** 63n);
const MAX_STEP = 2n ** 63n - 1n;

/** What an import says of itself: a source that is one of our servers, and was imported to, says it too. */
const OWN_TAG = /^modelgraph\.imported\.(?:key|mark|version)$/;

/** Params or tags as the server takes them, each key once; what does not fit is counted. */
export function factsThatFit(
  what: 'params' | 'tags',
  facts: readonly KeyValue[],
  tally: Tally,
  where: string,
  limit = what === 'params' ? MAX_PARAM_LENGTH : MAX_TAG_LENGTH,
): readonly KeyValue[] {
  const fitting = new Map<string, string>();
  for (const { key, value } of facts) {
    if (what === 'tags' && OWN_TAG.test(key)) continue;
    const fault = keyFault(key);
    if (fault !== null) tally.leaveOut(what, fault, where);
    else {
      const text = value.replaceAll('\0', '\ufffd').toWellFormed();
      if (text.length > limit)
        tally.leaveOut(
          `ends of long ${what}`,
          `A value has at most ${limit} characters.`,
          `${where}: ${key}`,
        );
      fitting.set(key, text.slice(0, limit).toWellFormed());
    }
  }
  return [...fitting].map(([key, value]) => ({ key, value }));
}

/** A name that the server takes: null has it make one up. */
export function nameThatFits(name: string | null, tally: Tally, where: string): string | null {
  const text = name?.replaceAll('\0', '').toWellFormed() ?? '';
  if (text.length > MAX_NAME_LENGTH)
    tally.leaveOut('ends of long names', `A name has at most ${MAX_NAME_LENGTH} characters.`, where);
  return text.slice(0, MAX_NAME_LENGTH).toWellFormed() || null;
}

/** Why the server would refuse the point; null where it takes it. */
export function pointFault({ key, step, timestampMs }: SourcePoint): string | null {
  if (!(timestampMs >= MIN_TIME_MS && timestampMs <= MAX_TIME_MS))
    return 'Their time is not in the years 1 to 9999.';
  const isStep = typeof step === 'bigint' ? step >= MIN_STEP && step <= MAX_STEP : Number.isSafeInteger(step);
  return isStep ? keyFault(key) : 'Their step is no whole number of 64 bits.';
}

function keyFault(key: string): string | null {
  if (key.length === 0) return 'They have no name.';
  if (key.length > MAX_KEY_LENGTH) return `Their name has more than ${MAX_KEY_LENGTH} characters.`;
  return key.includes('\0') || !key.isWellFormed() ? 'Their name is no well-formed text.' : null;
}
