import type { Actor } from '../../kernel/actor';
import type { Json } from './answer-json';
import type { Fields } from './fields';

/** What one method and path does. Throws `MlflowError` where it cannot. */
export type Call = (fields: Fields, actor: Actor) => Promise<Json>;

/**
 * Calls by method and path below `/api/2.0/mlflow/`; a segment such as `{id}` is any text, and a field of that name.
 */
export type Calls = Readonly<Record<string, Call>>;

export interface FoundCall {
  readonly call: Call;
  /** What stands in the path, decoded. */
  readonly fromPath: Readonly<Record<string, string>>;
}

/** Finds the call of a path. */
export class CallTable {
  private readonly byPath: ReadonlyMap<string, Call>;
  private readonly patterns: readonly { readonly segments: readonly string[]; readonly call: Call }[];

  constructor(calls: Calls) {
    const entries = Object.entries(calls);
    this.byPath = new Map(entries.filter(([name]) => !name.includes('{')));
    this.patterns = entries
      .filter(([name]) => name.includes('{'))
      .map(([name, call]) => ({ segments: segmentsOf(name), call }));
  }

  /** Null where there is none. */
  find(method: string, path: string): FoundCall | null {
    const name = `${method} ${path}`;
    const call = this.byPath.get(name);
    if (call) return { call, fromPath: {} };
    const given = segmentsOf(name);
    for (const { segments, call: patternCall } of this.patterns) {
      const fromPath = matched(segments, given);
      if (fromPath) return { call: patternCall, fromPath };
    }
    return null;
  }
}

const segmentsOf = (name: string): readonly string[] => name.split(/[ /]/);

function matched(pattern: readonly string[], given: readonly string[]): Record<string, string> | null {
  if (pattern.length !== given.length) return null;
  const fromPath: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const text = given[index] ?? '';
    if (!segment.startsWith('{')) {
      if (segment !== text) return null;
      continue;
    }
    const decoded = decodedSegment(text);
    if (decoded === null) return null;
    fromPath[segment.slice(1, -1)] = decoded;
  }
  return fromPath;
}

/** Null where the text is no percent-encoding. */
export function decodedSegment(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
