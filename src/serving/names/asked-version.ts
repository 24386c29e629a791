import { shorten, type InvalidInput } from '../../kernel/errors';
import type { ModelVersion } from '../../registry/registry';

/** `MAJOR.MINOR.PIPELINE`, or a place in the order of registration. */
const VERSION = /^(?:\d{1,9}\.\d{1,9}\.\d{1,9}|[1-9]\d{0,8})$/;
/** Versions that a sentence names: more of one number behind one endpoint are a muddle that no list mends. */
const MAX_NAMED = 5;

/** What a caller has asked for; for the sentence of a refusal. */
export interface AskedVersion {
  readonly endpoint: string;
  readonly version: string;
}

/** Whether the text can be a version's number or ordinal. */
export const isVersionText = (text: string): boolean => VERSION.test(text);

export const isCalled = ({ number, ordinal }: ModelVersion, text: string): boolean =>
  number === text || String(ordinal) === text;

/**
 * The one version that is meant; null where none is. Endpoints may run versions of several models, whose numbers say
 * nothing of each other: a number that two of them have is refused, since a guess would be the wrong model's answer.
 *
 * @param among may name a version more than once
 */
export function oneOf(
  among: readonly ModelVersion[],
  asked: AskedVersion,
): ModelVersion | InvalidInput | null {
  const [first, ...others] = [...new Map(among.map((version) => [version.id, version])).values()];
  if (!first) return null;
  return others.length === 0 ? first : severalAre([first, ...others], asked);
}

function severalAre(versions: readonly ModelVersion[], { endpoint, version }: AskedVersion): InvalidInput {
  const refs = versions.map(({ ref }) => shorten(ref));
  const named = refs.slice(0, versions.length > MAX_NAMED ? MAX_NAMED - 1 : -1);
  const last = versions.length > MAX_NAMED ? `${versions.length - named.length} more` : refs.at(-1);
  const all = `${named.join(', ')} and ${last}`;
  const what = `The endpoint “${shorten(endpoint)}” has versions of several models, and ${version} is ${all}.`;
  const instead = `Ask for the one that is meant by its reference, such as ${refs[0]},`;
  const message = `${what} ${instead} in place of the number or of the endpoint.`;
  return { kind: 'InvalidInputError', code: 'INVALID_INPUT', message, issues: [] };
}
