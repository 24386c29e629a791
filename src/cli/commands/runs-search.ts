import { named, parsedArguments } from '../arguments';
import { EXIT, UsageError, type Command, type ExitCode, type Terminal } from '../command';
import { counted } from '../counted';
import { callGraphql } from '../graphql-call';
import { SEARCH_RUNS, type FoundRun, type RunPage } from '../operations/search-runs';
import { runObject } from '../runs/run-columns';
import { runsCsv } from '../runs/runs-csv';
import { runsTable } from '../runs/runs-table';
import { wholeNumberOf } from '../option-values';
import { ACCESS_HELP, serverAccess, type ServerAccess } from '../server-access';

/** Runs asked for at a time: what the server's limit of cost allows with all that is asked of each. */
const PAGE_SIZE = 50;
/** Most that are brought: all of them are in memory for a table and for CSV, whose columns depend on all. */
const MAX_LIMIT = 10_000;
/** Columns without room that are named. */
const MAX_NAMED = 5;
const FORMATS = ['table', 'json', 'csv'] as const;
type Format = (typeof FORMATS)[number];

const HELP = `modelgraph runs search: finds runs.

Usage: modelgraph runs search [options]

  --experiment NAME  of this experiment; as often as there are (all)
  --filter FILTER    such as "metrics.accuracy > 0.9 AND params.model = 'cnn'"
  --order-by KEY     such as "metrics.accuracy DESC"; as often as there are, at most 5 (newest first)
  --limit N          most that are shown (20; at most ${MAX_LIMIT})
  --format FORMAT    table: as much as fits the terminal; json: one list of objects, with metrics, params and tags by
                     key; csv: a column for each (table)
  --raw              csv: leave texts as they are. Without it those that a spreadsheet would run as a formula, since
                     they begin with = + - or @, get an apostrophe before them

The server
${ACCESS_HELP}
`;

export const runsSearch: Command = {
  name: 'runs search',
  summary: 'finds runs: as a table, as JSON or as CSV',
  help: HELP,
  run: search,
};

interface Search {
  readonly access: ServerAccess;
  readonly experiments: readonly string[] | null;
  readonly filter: string | null;
  readonly orderBy: readonly string[] | null;
  readonly limit: number;
}

async function search(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const text = { type: 'string' } as const;
  const many = { type: 'string', multiple: true } as const;
  const { values, positionals } = parsedArguments('runs search', args, {
    ...{ experiment: many, filter: text, 'order-by': many, limit: text },
    ...{ format: text, raw: { type: 'boolean' } },
  });
  named('runs search', positionals);
  const format = FORMATS.find((known) => known === (values.format ?? 'table'));
  if (!format)
    throw new UsageError(`--format: expected one of ${FORMATS.join(', ')}, got “${values.format}”.`);
  const { runs, hasMore } = await found({
    access: serverAccess(values, terminal.environment),
    experiments: values.experiment ?? null,
    filter: values.filter ?? null,
    orderBy: values['order-by'] ?? null,
    limit: wholeNumberOf('limit', values.limit ?? '20', 1, MAX_LIMIT),
  });
  write(runs, format, values.raw ?? false, terminal);
  if (hasMore) terminal.err(`There are others than these ${runs.length}: --limit brings more.\n`);
  return EXIT.ok;
}

interface Found {
  readonly runs: readonly FoundRun[];
  /** Whether there are others, for which the limit has no room. */
  readonly hasMore: boolean;
}

async function found({ access, limit, ...search }: Search): Promise<Found> {
  const runs: FoundRun[] = [];
  let after: string | null = null;
  do {
    const first = Math.min(PAGE_SIZE, limit - runs.length);
    const page: RunPage = (await callGraphql(access, SEARCH_RUNS, { ...search, first, after })).runs;
    runs.push(...page.nodes);
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null && runs.length < limit);
  return { runs, hasMore: after !== null };
}

function write(runs: readonly FoundRun[], format: Format, isRaw: boolean, terminal: Terminal): void {
  switch (format) {
    case 'json':
      return terminal.out(`[${runs.map((run) => `\n  ${JSON.stringify(runObject(run))}`).join(',')}\n]\n`);
    case 'csv':
      return terminal.out(runsCsv(runs, isRaw));
    case 'table': {
      if (runs.length === 0) return terminal.err('There are no such runs.\n');
      const { text, leftOut } = runsTable(runs, terminal.width);
      terminal.out(text);
      if (leftOut.length > 0)
        terminal.err(`No room for ${namesOf(leftOut)}: a wider terminal, --format json and csv have them.\n`);
    }
  }
}

/** The first few: there may be hundreds. */
function namesOf(titles: readonly string[]): string {
  const told = titles.slice(0, MAX_NAMED).map((title) => `“${title}”`);
  const others = titles.length - told.length;
  return `${told.join(', ')}${others > 0 ? ` and ${counted(others, 'other column')}` : ''}`;
}
