import fc from 'fast-check';
import { ENTITIES } from '../../src/entities';
import { decodeCursor, type Cursor } from '../../src/kernel/cursor';
import { createDataSource } from '../../src/kernel/database/data-source';
import { Database } from '../../src/kernel/database/database';
import type { Predicate, SortKey } from '../../src/kernel/filter/filter-tree';
import { newId, type ProjectId } from '../../src/kernel/ids';
import { listCursorLength } from '../../src/kernel/database/column-search';
import { RunSearchQueries, type SearchLimits } from '../../src/tracking/search/run-search.queries';
import { anyFilter, filterText } from '../support/filter-text';
import { inOrder, isFound, type KnownRun } from '../support/known-run';
import { seededRandom } from '../support/seeded-random';
import { TEST_ENGINE } from '../support/template-database';
import { openTestDatabase } from '../support/test-database';

const RUNS = 60;
const NUMBERS = [NaN, -Infinity, -1, -0, 0, 0.5, 1, 1, Infinity];
const TEXTS = ['a', 'b', 'A', 'ab', 'a%', '_', '\\', '', 'x'.repeat(150), `${'x'.repeat(149)}y`];
const NOTES = ['first try', 'second try', 'works'];
const START_MS = Date.UTC(2026, 0, 1);

/** Each makes another way of reading a page the usual one. */
const LIMITS: readonly SearchLimits[] = [
  { few: 2_000, walked: 2_000, many: 20_000 },
  { few: 0, walked: 2_000, many: 20_000 },
  { few: 5, walked: 7, many: 20_000 },
  { few: 0, walked: 3, many: 4 },
  { few: 0, walked: 1, many: 0 },
];

let database: Database;
let close: () => Promise<void>;
const projectId = newId<'project'>() as ProjectId;
const runs: KnownRun[] = [];

beforeAll(async () => {
  const { connection, stop } = await openTestDatabase();
  database = new Database(createDataSource({ connection, entities: ENTITIES, migrations: [] }), TEST_ENGINE);
  await database.open();
  close = async () => {
    await database.stop();
    await stop();
  };
  const random = seededRandom(18);
  const pick = <Value>(values: readonly Value[]): Value =>
    values[Math.floor(random() * values.length)] as Value;
  const some = <Value>(keys: readonly string[], values: readonly Value[]): Record<string, Value> =>
    Object.fromEntries(keys.filter(() => random() < 0.7).map((key) => [key, pick(values)]));
  const experimentId = newId();
  await database.query('INSERT INTO experiment (id, project_id, name) VALUES ($1, $2, $3)', [
    experimentId,
    projectId,
    'e',
  ]);
  for (let index = 0; index < RUNS; index++) {
    const startedAtMs = START_MS + 1_000 * Math.floor(random() * 20);
    const run: KnownRun = {
      id: newId(),
      name: pick(TEXTS),
      status: pick(['RUNNING', 'FINISHED', 'FAILED']),
      startedAtMs,
      endedAtMs: random() < 0.5 ? null : startedAtMs + 5_000,
      metrics: some(['m', 'n', 'odd `key'], NUMBERS),
      params: some(['p', 'q'], TEXTS),
      tags: { ...some(['t'], TEXTS), ...some(['mlflow.note.content'], NOTES) },
    };
    runs.push(run);
    await insert(run, experimentId);
  }
});
afterAll(() => close());

async function insert(run: KnownRun, experimentId: string): Promise<void> {
  const { id, name, status, startedAtMs, endedAtMs, metrics, params, tags } = run;
  const time = (ms: number | null) => (ms === null ? null : new Date(ms));
  await database.query(
    `INSERT INTO run (id, project_id, experiment_id, name, status, started_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [id, projectId, experimentId, name, status, time(startedAtMs), time(endedAtMs)],
  );
  for (const [key, value] of Object.entries(metrics)) {
    await database.query(
      `INSERT INTO metric_series (run_id, project_id, key, subject, point_count, last_value, last_step, last_timestamp_ms)
       VALUES ($1, $2, $3, '', 1, $4, 0, 0), ($1, $2, $3, 'another subject', 1, 77, 0, 0)`,
      [id, projectId, key, Object.is(value, -0) ? '-0' : String(value)],
    );
  }
  for (const [table, facts] of [
    ['run_param', params],
    ['run_tag', tags],
  ] as const) {
    for (const [key, value] of Object.entries(facts))
      await database.query(`INSERT INTO ${table} (run_id, project_id, key, value) VALUES ($1, $2, $3, $4)`, [
        id,
        projectId,
        key,
        value,
      ]);
  }
}

const at = { position: 1 } as const;
const textKey = fc.constantFrom(
  { ...at, entity: 'params' as const, key: 'p' },
  { ...at, entity: 'params' as const, key: 'q' },
  { ...at, entity: 'params' as const, key: 'nobody has it' },
  { ...at, entity: 'tags' as const, key: 't' },
  { ...at, entity: 'attributes' as const, key: 'name' },
  { ...at, entity: 'attributes' as const, key: 'note' },
);
const numberKey = fc.constantFrom(
  ...['m', 'n', 'odd `key', 'nobody has it'].map((key) => ({ ...at, entity: 'metrics' as const, key })),
);
const timeKey = fc.constantFrom(
  { ...at, entity: 'attributes' as const, key: 'start_time' },
  { ...at, entity: 'attributes' as const, key: 'end_time' },
);
const isNegated = fc.boolean();
const text = fc.constantFrom(...TEXTS);
const finite = fc.constantFrom(...NUMBERS.filter(Number.isFinite), 0.25);
const time = fc.integer({ min: 0, max: 26 }).map((s) => START_MS + 1_000 * s);

const ordered = (
  key: fc.Arbitrary<Pick<Predicate, 'entity' | 'key' | 'position'>>,
  value: fc.Arbitrary<number>,
) =>
  fc.tuple(
    key,
    fc.oneof(
      fc.record({
        kind: fc.constant('comparison' as const),
        operator: fc.constantFrom(
          '=' as const,
          '!=' as const,
          '<' as const,
          '<=' as const,
          '>' as const,
          '>=' as const,
        ),
        isNegated: fc.constant(false),
        value,
      }),
      fc.record({ kind: fc.constant('between' as const), isNegated, low: value, high: value }),
      fc.record({
        kind: fc.constant('in' as const),
        isNegated,
        values: fc.array(value, { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('null' as const), isNegated }),
    ),
  );
const ofText = fc.tuple(
  textKey,
  fc.oneof(
    fc.record({
      kind: fc.constant('comparison' as const),
      operator: fc.constantFrom('=' as const, '!=' as const),
      isNegated: fc.constant(false),
      value: text,
    }),
    fc.record({
      kind: fc.constant('comparison' as const),
      operator: fc.constantFrom('LIKE' as const, 'ILIKE' as const),
      isNegated,
      value: fc.oneof(text, fc.constantFrom('%', 'a%', '%A%', '_', 'x%y')),
    }),
    fc.record({
      kind: fc.constant('in' as const),
      isNegated,
      values: fc.array(text, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('null' as const), isNegated }),
  ),
);
const ofNote = fc.tuple(
  fc.constant({ ...at, entity: 'attributes' as const, key: 'note' }),
  fc.record({
    kind: fc.constant('matches' as const),
    isNegated,
    words: fc.constantFrom('try', 'second', 'works', 'never'),
  }),
);
const question: fc.Arbitrary<Predicate> = fc
  .oneof(ordered(numberKey, finite), ordered(timeKey, time), ofText, ofNote)
  .map(([key, rest]) => ({ ...key, ...rest }));
const sortKey: fc.Arbitrary<SortKey> = fc
  .tuple(fc.oneof(numberKey, textKey, timeKey), fc.constantFrom('ASC' as const, 'DESC' as const))
  .map(([key, direction]) => ({ ...key, direction }));

test('a search finds what a plain reading of its filter finds, in that order, on pages of any size and in every way', async () => {
  const search = fc.record({
    tree: fc.option(anyFilter(question)),
    keys: fc.array(sortKey, { maxLength: 3 }),
    first: fc.constantFrom(1, 7, 100),
    limits: fc.constantFrom(...LIMITS),
    experiments: fc.constantFrom<readonly string[] | null>(null, ['e'], ['e', 'none'], ['none']),
  });
  await fc.assert(
    fc.asyncProperty(search, async ({ tree, keys, first, limits, experiments }) => {
      const filter = tree && filterText(tree);
      const orderBy = keys.map(
        ({ entity, key, direction }) => `${entity}.\`${key.replaceAll('`', '``')}\` ${direction}`,
      );
      const queries = new RunSearchQueries(database, { foldProject: () => Promise.resolve() }, limits);
      const found: string[] = [];
      for (let after: Cursor | null = null; ;) {
        const page = await queries.page(
          projectId,
          experiments && { names: experiments },
          { filter, orderBy, view: 'ALL' },
          { first, after },
        );
        found.push(...page.nodes.map(({ id }) => id));
        if (!page.hasNextPage || found.length > RUNS) break;
        after = decodeCursor(page.endCursor ?? '', listCursorLength(orderBy));
      }
      const newest: SortKey = { ...at, entity: 'attributes', key: 'start_time', direction: 'DESC' };
      const isListed = experiments === null || experiments.includes('e');
      const expected = isListed ? runs.filter((run) => isFound(run, tree)) : [];
      expect(found).toEqual(inOrder(expected, keys.length === 0 ? [newest] : keys).map(({ id }) => id));
    }),
    { numRuns: 100 },
  );
});
