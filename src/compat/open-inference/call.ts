import { BoundedMap } from '../../kernel/bounded-map';
import { notOffered } from './not-offered';
import { Refused, refusedBecause } from './refused';
import { oneRepository } from './repository';

const MODEL_CALLS = ['metadata', 'ready', 'infer', 'config', 'stats'] as const;
interface OfModel {
  readonly model: string;
  readonly version: string | null;
}

/** What is asked for by method and path. */
export type Call =
  | { readonly kind: 'server' | 'live' | 'server-ready' | 'all-stats' | 'index' }
  | ({ readonly kind: 'infer' } & OfModel)
  | ({ readonly kind: Exclude<(typeof MODEL_CALLS)[number], 'infer'> } & OfModel)
  | { readonly kind: 'load' | 'unload'; readonly model: string };

const POSTED: readonly Call['kind'][] = ['infer', 'index', 'load', 'unload'];

/** Paths whose meaning is kept: applications ask for the same few again and again. */
const MAX_KNOWN_PATHS = 1_000;
/** Longest path that is kept: a thousand of them are a megabyte at most. */
const MAX_KNOWN_LENGTH = 512;
const inferCalls = new BoundedMap<string, Call>(MAX_KNOWN_PATHS);

export function callOf(method: string, path: string): Call | Refused {
  const known = method === 'POST' ? inferCalls.get(path) : undefined;
  if (known) return known;
  const call = readCall(method, path);
  if (!(call instanceof Refused) && call.kind === 'infer' && path.length <= MAX_KNOWN_LENGTH)
    inferCalls.set(path, call);
  return call;
}

/** Names are decoded here, segment by segment, and from then on are text: none of them is ever a path. */
function readCall(method: string, path: string): Call | Refused {
  const segments = decoded(path);
  if (segments === null) return new Refused(400, 'The path is not percent-encoded UTF-8.');
  const call = callAt(segments) ?? callNotOffered(segments);
  if (call instanceof Refused) return call;
  if (!call) return new Refused(404, 'The Open Inference Protocol has nothing at this path.');
  const expected = POSTED.includes(call.kind) ? 'POST' : 'GET';
  if (method === expected || (expected === 'GET' && method === 'HEAD')) return call;
  return new Refused(405, `Expected ${expected} here, got ${method}.`, { allow: expected });
}

/** Without the first one, `v2`. */
function decoded(path: string): readonly string[] | null {
  try {
    const segments = path.split('/').slice(2).map(decodeURIComponent);
    return segments.at(-1) === '' ? segments.slice(0, -1) : segments;
  } catch {
    return null;
  }
}

/** As gRPC says UNIMPLEMENTED, by whichever method: clients are told what to do without. */
function callNotOffered([first = '', , what = '', ...rest]: readonly string[]): Refused | null {
  const isOfModel = first === 'models' && what === 'trace' && rest.length === 1;
  const why = notOffered(isOfModel ? what : first);
  return why === null ? null : new Refused(501, why);
}

function callAt([first, ...rest]: readonly string[]): Call | Refused | null {
  switch (first) {
    case undefined:
      return { kind: 'server' };
    case 'health':
      return healthCall(rest);
    case 'models':
      return modelCall(rest);
    case 'repository':
      return repositoryCall(rest);
    default:
      return null;
  }
}

function healthCall([what, ...rest]: readonly string[]): Call | null {
  if (rest.length > 0) return null;
  if (what === 'live') return { kind: 'live' };
  return what === 'ready' ? { kind: 'server-ready' } : null;
}

function modelCall([model, ...rest]: readonly string[]): Call | null {
  if (!model) return null;
  if (model === 'stats' && rest.length === 0) return { kind: 'all-stats' };
  const hasVersion = rest[0] === 'versions';
  const version = hasVersion ? (rest[1] ?? '') : null;
  if (version === '') return null;
  const [what = 'metadata', ...others] = hasVersion ? rest.slice(2) : rest;
  const kind = MODEL_CALLS.find((known) => known === what);
  return kind && others.length === 0 ? { kind, model, version } : null;
}

function repositoryCall(segments: readonly string[]): Call | Refused | null {
  const call = callOfRepository(segments);
  if (call) return call;
  const [name, ...rest] = segments;
  return name && callOfRepository(rest) ? refusedBecause(oneRepository(name)) : null;
}

function callOfRepository([first, model, what, ...rest]: readonly string[]): Call | null {
  if (first === 'index' && model === undefined) return { kind: 'index' };
  if (first !== 'models' || !model || rest.length > 0) return null;
  return what === 'load' || what === 'unload' ? { kind: what, model } : null;
}
