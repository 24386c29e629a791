import { invalidInput, shorten, type InputIssue, type InvalidInput } from '../../kernel/errors';
import type { Source } from '../run';
import type { RunSetup, ToldSetup } from './run-setup';

/** What is known of a run, and what comes to it. */
export type Merged =
  { readonly ok: true; readonly told: ToldSetup } | { readonly ok: false; readonly error: InvalidInput };

/**
 * Facts are told once: what is not known yet is added, the same again is fine, and another value is refused. Lists that
 * are one fact (packages, cards, the words of the command) are the same where all of their entries are.
 */
export function mergeSetup(known: ToldSetup, told: ToldSetup): Merged {
  const issues: InputIssue[] = [];
  const merged = {
    source: mergeFacts('code', known.source, told.source, issues),
    setup: {
      code: mergeFacts('code', known.setup.code, told.setup.code, issues),
      environment: mergeFacts('environment', known.setup.environment, told.setup.environment, issues),
      variables: mergeLists('environment.variables', 'variables', known, told, issues),
      seeds: mergeLists('seeds', 'seeds', known, told, issues),
      files: mergeLists('files', 'files', known, told, issues),
    },
  };
  return issues.length === 0 ? { ok: true, told: merged } : { ok: false, error: invalidInput(issues) };
}

/** Facts of the source alone; the same rule. */
export function mergeSource(known: Source, told: Source): InvalidInput | Source {
  const issues: InputIssue[] = [];
  const merged = mergeFacts('source', known, told, issues);
  return issues.length === 0 ? merged : invalidInput(issues);
}

function mergeFacts<Facts extends object>(
  path: string,
  known: Facts,
  told: Facts,
  issues: InputIssue[],
): Facts {
  const merged = { ...known } as Record<string, unknown>;
  for (const [fact, value] of Object.entries(told) as [string, unknown][]) {
    if (value === null || value === undefined) continue;
    const before = merged[fact] ?? null;
    if (before === null) merged[fact] = value;
    else if (textOf(before) !== textOf(value)) issues.push(changed(`${path}.${fact}`, before, value));
  }
  return merged as Facts;
}

type ListName = 'variables' | 'seeds' | 'files';

/** Entries that are facts of their own, each by its name. */
function mergeLists<Name extends ListName>(
  path: string,
  list: Name,
  known: ToldSetup,
  told: ToldSetup,
  issues: InputIssue[],
): RunSetup[Name] {
  const entries = new Map<string, unknown>(known.setup[list].map((entry) => [nameOf(entry), entry]));
  for (const entry of told.setup[list]) {
    const name = nameOf(entry);
    const before = entries.get(name);
    if (before === undefined) entries.set(name, entry);
    else if (valueOf(before) !== valueOf(entry))
      issues.push(changed(`${path} (${shorten(name)})`, valueOf(before), valueOf(entry)));
  }
  return [...entries.values()] as unknown as RunSetup[Name];
}

type Entry = Partial<Record<'key' | 'name' | 'role' | 'path', string>> &
  Partial<Record<'value' | 'sha256', string | bigint>>;
const nameOf = ({ key, name, role, path }: Entry): string => key ?? name ?? `${role} ${path}`;
const valueOf = (entry: unknown): string => String((entry as Entry).value ?? (entry as Entry).sha256);

const changed = (path: string, before: unknown, value: unknown): InputIssue => ({
  path,
  expected: `“${shorten(textOf(before))}”, which was told before: a fact of a run never changes`,
  actual: `“${shorten(textOf(value))}”`,
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : canonical(value));

/** As JSON whose keys have one order: what comes back from the database has another. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
