import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Command, Terminal } from '../../src/cli/command';
import type { ApiClient } from './api-client';

interface Counts {
  readonly [what: string]: number;
}
export interface ImportReport {
  readonly complete: boolean;
  readonly came: Counts;
  readonly wasThere: Counts;
  readonly notImported: readonly {
    readonly what: string;
    readonly why: string;
    readonly count: number;
    readonly failed: boolean;
  }[];
}
export interface ImportEnd {
  readonly code: number | null;
  /** What is said at the end where it could not be done. */
  readonly problem: string;
  readonly out: string;
  readonly report: ImportReport;
}

/** Runs an import in this process, as the command line does. */
export async function runImport(
  command: Command,
  args: readonly string[],
  server: Pick<ApiClient, 'url' | 'key'>,
  { environment = {}, stop }: { environment?: Record<string, string>; stop?: AbortSignal } = {},
): Promise<ImportEnd> {
  let out = '';
  const terminal: Terminal = {
    out: (text) => (out += text),
    err: () => undefined,
    input: Readable.from([]),
    ...{ width: 100, isPerson: false, showsProgress: false },
    environment: { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key, ...environment },
    stop: stop ?? new AbortController().signal,
  };
  const file = join(tmpdir(), `modelgraph-report-${randomUUID()}.json`);
  let code: number | null = null;
  let problem = '';
  try {
    code = await command.run([...args, '--report', file], terminal);
  } catch (error) {
    problem = (error as Error).message;
  }
  return { code, problem, out, report: reportIn(file) };
}

/** One that could not begin has none. */
function reportIn(file: string): ImportReport {
  const text = existsSync(file)
    ? readFileSync(file, 'utf8')
    : '{"complete":false,"came":{},"wasThere":{},"notImported":[]}';
  rmSync(file, { force: true });
  return JSON.parse(text) as ImportReport;
}

/** What came of a run, as GraphQL shows it. */
export interface ImportedRun {
  readonly name: string;
  readonly status: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly deletedAt: string | null;
  readonly note: string | null;
  readonly experiment: { readonly name: string; readonly note: string | null };
  readonly parent: { readonly name: string } | null;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** `[step, value, ms]` of each point, by metric. */
  readonly points: Readonly<Record<string, readonly (readonly [number | string, number | string, number])[]>>;
  readonly files: Readonly<Record<string, string>>;
}

interface Found {
  readonly id: string;
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
  readonly metrics: readonly { readonly key: string }[];
  readonly artifacts: readonly { readonly path: string; readonly sha256: string }[];
}
interface Pair {
  readonly key: string;
  readonly value: string;
}
interface Series {
  readonly key: string;
  readonly steps: readonly (number | string)[];
  readonly values: readonly (number | string)[];
  readonly timestamps: readonly string[];
}

/** The runs of some experiments, by name; runs of one name fail, since what comes twice must be seen. */
export async function importedRuns(
  server: ApiClient,
  experiments: readonly string[],
): Promise<Readonly<Record<string, ImportedRun>>> {
  const { runs } = await server.data<{ runs: { nodes: readonly Found[] } }>(
    `query ($experiments: [String!]) { runs(experiments: $experiments, first: 20, view: ALL) { nodes {
      id name status startedAt endedAt deletedAt note experiment { name note } parent { name }
      params { key value } tags { key value } metrics { key } artifacts { path sha256 }
    } } }`,
    { experiments },
  );
  const byName: Record<string, ImportedRun> = {};
  for (const { id, params, tags, metrics, artifacts, ...rest } of runs.nodes) {
    const facts = rest as unknown as Pick<ImportedRun, 'name' | 'status' | 'startedAt' | 'endedAt'> &
      ImportedRun;
    if (byName[facts.name]) throw new Error(`There are two runs “${facts.name}”.`);
    const { run } = await server.data<{ run: { metricHistory: readonly Series[] } }>(
      'query ($id: ID!, $keys: [String!]!) { run(id: $id) { metricHistory(keys: $keys, maxPoints: 10000) { key steps values timestamps } } }',
      { id, keys: metrics.map(({ key }) => key) },
    );
    const points = run.metricHistory.map(
      ({ key, steps, values, timestamps }) =>
        [
          key,
          steps.map((step, at) => [step, values[at] ?? 0, Date.parse(timestamps[at] ?? '')] as const),
        ] as const,
    );
    byName[facts.name] = {
      ...facts,
      params: Object.fromEntries(params.map(({ key, value }) => [key, value])),
      tags: Object.fromEntries(
        tags.filter(({ key }) => key !== 'modelgraph.imported.mark').map(({ key, value }) => [key, value]),
      ),
      points: Object.fromEntries(points),
      files: Object.fromEntries(artifacts.map(({ path, sha256 }) => [path, sha256])),
    };
  }
  return byName;
}
