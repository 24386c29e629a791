import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { text as readText } from 'node:stream/consumers';

/** One request, and what MLflow's own server answers to it. */
export interface MlflowCase {
  readonly name: string;
  /** Method and path; a path without a slash before it is below `/api/2.0/mlflow/`. */
  readonly ask: string;
  /** JSON; `{$chars: [c, n]}` is a text of n times c, `{$repeat: n, of}` a list in which `$i` counts. */
  readonly body?: unknown;
  readonly rawBody?: string;
  readonly contentType?: string;
  /** Without a credential. */
  readonly anonymous?: boolean;
  /** Variables for what follows, `${name}`, and where in the answer they are. */
  readonly keep?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly error?: string;
  /** The whole body as text. */
  readonly text?: string;
  /** What must be in the answer; what is beside it in an object is not looked at. */
  readonly answer?: unknown;
  /** Where another server may answer otherwise, and why. */
  readonly ours?: {
    readonly status?: number;
    readonly statuses?: readonly number[];
    readonly error?: string;
    readonly why: string;
  };
}

/** Its cases follow one another, with variables of their own; `${salt}` is a name that nobody else has. */
export interface MlflowStory {
  readonly story: string;
  readonly cases: readonly MlflowCase[];
}

export interface CasesTarget {
  readonly url: string;
  /** A bearer token; null: the server wants none. */
  readonly key: string | null;
  /** Whether `ours` holds: not so for MLflow's own server. */
  readonly isOurs: boolean;
}

type Variables = Map<string, string>;
type Fields = Readonly<Record<string, unknown>>;

const BELOW = '/api/2.0/mlflow/';
const LIMIT_MS = 20_000;
/** Numbers past this many digits lose the last of them in JavaScript. */
const LONG_INTEGER = /(?<=[[:,]\s*)(-?\d{17,})(?=\s*[,}\]])/g;
/** What stands for a value that is another one each time, or that may be written in two ways. */
const PLACEHOLDERS: Readonly<Record<string, (value: unknown) => boolean>> = {
  '<any>': (value) => value !== undefined,
  '<text>': (value) => typeof value === 'string' && value !== '',
  // MLflow's are hexadecimal; ours are those of GraphQL. Its clients take both.
  '<id>': (value) => typeof value === 'string' && /^([0-9a-f]{32}|cnVuO[A-Za-z0-9_-]{40,60})$/.test(value),
  '<model>': (value) => typeof value === 'string' && /^m-[0-9a-f]{32}$/.test(value),
  '<ms>': (value) => typeof value === 'number' && Number.isInteger(value) && value > 1e12,
  '<inf>': (value) => value === Number.MAX_VALUE || value === 'Infinity',
  '<-inf>': (value) => value === -Number.MAX_VALUE || value === '-Infinity',
};
/** Lists in which the order says nothing, where each key is there once. */
const SETS: readonly string[] = ['tags', 'params', 'metrics'];
/** Tags that a server adds of its own. */
const OWN_TAG = /^(modelgraph|model)\./;

export const readStories = (file: string): readonly MlflowStory[] =>
  JSON.parse(readFileSync(file, 'utf8')) as MlflowStory[];

/** Plays a story; what was not as it should be, one line each. */
export async function playStory({ cases }: MlflowStory, target: CasesTarget): Promise<readonly string[]> {
  const variables: Variables = new Map([['salt', `cases-${randomUUID().slice(0, 8)}`]]);
  const wrong: string[] = [];
  for (const one of cases) {
    const found = await play(one, target, variables);
    wrong.push(...found.map((what) => `${one.name} (${one.ask}): ${what}`));
    const isLost = Object.keys(one.keep ?? {}).some((name) => !variables.has(name));
    if (isLost) return [...wrong, 'and what follows could not be asked'];
  }
  return wrong;
}

async function play(one: MlflowCase, target: CasesTarget, variables: Variables): Promise<string[]> {
  const [method, path = ''] = one.ask.split(/ (.*)/s);
  const body = one.rawBody ?? (one.body === undefined ? null : JSON.stringify(made(one.body, null)));
  const { status, text } = await send({
    url: target.url,
    method: method ?? '',
    path: filled(path.startsWith('/') ? path : BELOW + path, variables),
    headers: {
      ...(body !== null && { 'content-type': one.contentType ?? 'application/json' }),
      ...(target.key !== null && !one.anonymous && { authorization: `Bearer ${target.key}` }),
    },
    body: body === null ? null : filled(body, variables),
  });
  const answer = parsed(text);
  keepVariables(one, answer, variables);
  return wrongIn(one, target.isOurs, { status, text, answer }, variables);
}

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly answer: unknown;
}

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Not by `fetch`, which would resolve the `..` of a path itself. */
function send({ url, method, path, headers, body }: Sent): Promise<Omit<Answered, 'answer'>> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { hostname, port, method, path, headers: { ...headers, ...length }, timeout: LIMIT_MS };
    const asked = request(options, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer to ${method} ${path}`)));
    asked.on('error', reject);
    asked.end(body ?? undefined);
  });
}

function wrongIn(one: MlflowCase, isOurs: boolean, seen: Answered, variables: Variables): string[] {
  const ours = isOurs ? one.ours : undefined;
  const statuses = ours?.statuses ?? [ours?.status ?? one.status];
  const error = ours ? ours.error : one.error;
  if (!statuses.includes(seen.status)) return [`status ${seen.status}: ${seen.text.slice(0, 300)}`];
  if (error !== undefined)
    return differences(error, isFields(seen.answer) ? seen.answer.error_code : undefined, 'error_code');
  if (ours) return [];
  if (one.text !== undefined) return differences(filled(one.text, variables), seen.text, 'the text');
  if (one.answer === undefined) return [];
  return differences(withVariables(one.answer, variables), seen.answer, 'the answer');
}

/** What of the expected value is not in the actual one, with its place. */
export function differences(expected: unknown, actual: unknown, at: string, field = ''): string[] {
  const isHolder = typeof expected === 'string' ? PLACEHOLDERS[expected] : undefined;
  if (isHolder) return isHolder(actual) ? [] : [told(at, expected, actual)];
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [told(at, expected, actual)];
    return isSet(expected, field)
      ? setDifferences(expected, actual, at)
      : listDifferences(expected, actual, at);
  }
  if (!isFields(expected)) return expected === actual ? [] : [told(at, expected, actual)];
  if (!isFields(actual)) return [told(at, expected, actual)];
  return Object.entries(expected).flatMap(([key, value]) =>
    differences(value, actual[key], `${at}.${key}`, key),
  );
}

function listDifferences(expected: readonly unknown[], actual: readonly unknown[], at: string): string[] {
  if (expected.length !== actual.length) return [told(at, expected, actual)];
  return expected.flatMap((value, index) => differences(value, actual[index], `${at}[${index}]`));
}

function setDifferences(expected: readonly Fields[], actual: readonly unknown[], at: string): string[] {
  const found = new Map(actual.filter(isFields).map((entry) => [entry.key, entry]));
  const keys = new Set(expected.map(({ key }) => key));
  const more = [...found.keys()].filter((key) => !keys.has(key) && !OWN_TAG.test(String(key)));
  return [
    ...expected.flatMap((entry) => differences(entry, found.get(entry.key), `${at}.${String(entry.key)}`)),
    ...more.map((key) => `${at} has ${JSON.stringify(key)} too`),
  ];
}

const isSet = (list: readonly unknown[], field: string): list is readonly Fields[] => {
  if (!SETS.includes(field) || !list.every(isFields)) return false;
  return (
    new Set(list.map(({ key }) => key)).size === list.length && list.every(({ key }) => key !== undefined)
  );
};

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const told = (at: string, expected: unknown, actual: unknown) =>
  `${at}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)?.slice(0, 300)}`;

/** Long integers as `<int 9223372036854775807>`; null where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(LONG_INTEGER, '"<int $1>"'));
  } catch {
    return null;
  }
}

function keepVariables({ keep = {} }: MlflowCase, answer: unknown, variables: Variables): void {
  for (const [name, path] of Object.entries(keep)) {
    const value = path
      .split('.')
      .reduce<unknown>((from, key) => (isFields(from) ? from[key] : undefined), answer);
    if (typeof value === 'string') variables.set(name, value);
  }
}

function filled(text: string, variables: Variables): string {
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => variables.get(name) ?? whole);
}

const withVariables = (value: unknown, variables: Variables): unknown =>
  JSON.parse(filled(JSON.stringify(value), variables));

/** A body as it is sent. */
function made(value: unknown, index: number | null): unknown {
  if (value === '$i') return index;
  if (typeof value === 'string') return index === null ? value : value.replaceAll('$i', String(index));
  if (Array.isArray(value)) return value.map((entry) => made(entry, index));
  if (!isFields(value)) return value;
  const { $chars, $repeat, of } = value;
  if (Array.isArray($chars)) return String($chars[0]).repeat(Number($chars[1]));
  if (typeof $repeat === 'number') return Array.from({ length: $repeat }, (_, count) => made(of, count));
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, made(entry, index)]));
}
