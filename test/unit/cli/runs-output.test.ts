import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import type { FoundRun } from '../../../src/cli/operations/search-runs';
import { runObject } from '../../../src/cli/runs/run-columns';
import { runsCsv } from '../../../src/cli/runs/runs-csv';
import { runsTable } from '../../../src/cli/runs/runs-table';

const run = (more: Partial<FoundRun> = {}): FoundRun => ({
  ...{ id: 'run-1', name: 'one', status: 'FINISHED', experiment: { name: 'penguins' } },
  ...{ startedAt: '2026-11-29T10:20:30.123Z', endedAt: null, params: [], tags: [], metrics: [] },
  ...more,
});
const rowsOf = (csv: string) =>
  parse<Record<string, string>>(csv, { columns: true, record_delimiter: ['\n'] });

test('CSV has a column for all that any of the runs has, and nothing where a run has it not', () => {
  const one = run({ metrics: [{ key: 'loss', last: 0.25 }], params: [{ key: 'lr', value: '0.1' }] });
  const two = run({
    id: 'run-2',
    name: '',
    tags: [{ key: 'team', value: 'a' }],
    metrics: [{ key: 'f1', last: 'NaN' }],
  });
  expect(runsCsv([one, two], false)).toBe(
    'run_id,name,experiment,status,start_time,end_time,metrics.f1,metrics.loss,params.lr,tags.team\n' +
      'run-1,one,penguins,FINISHED,2026-11-29T10:20:30.123Z,,,0.25,0.1,\n' +
      'run-2,"",penguins,FINISHED,2026-11-29T10:20:30.123Z,,NaN,,,a\n',
  );
});

test('whatever a person has written comes back from CSV as it was, if it is left as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ minLength: 1 }), (name, value) => {
      const csv = runsCsv([run({ name, params: [{ key: 'p', value }] })], true);
      expect(rowsOf(csv)).toMatchObject([{ name, 'params.p': value }]);
    }),
  );
});

test.each([
  ['=HYPERLINK("http://x")', `'=HYPERLINK("http://x")`],
  ['@SUM(A1)', `'@SUM(A1)`],
  ['+1+cmd', `'+1+cmd`],
  ['-1+1', `'-1+1`],
  ['\t=1', `'\t=1`],
  ['-0.5', '-0.5'],
  ['-Infinity', '-Infinity'],
  ['+1e-3', '+1e-3'],
  ['a=b', 'a=b'],
])('in CSV the text %j is %j, so that no spreadsheet runs it', (value, expected) => {
  expect(rowsOf(runsCsv([run({ name: value })], false))[0]?.name).toBe(expected);
});

test('a table has no line wider than the terminal, and says what there was no room for', () => {
  const metrics = Array.from({ length: 20 }, (_, index) => ({ key: `metric-${index}`, last: index / 3 }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.string({ unit: 'grapheme' }), (width, name) => {
      const { text, leftOut } = runsTable([run({ name, metrics }), run({ metrics })], width);
      const lines = text.trimEnd().split('\n');
      expect(lines).toHaveLength(3);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width);
      expect(leftOut.length).toBeGreaterThan(0);
    }),
  );
});

test('a table has the id of a run whole, or not at all: a part of it names no run', () => {
  const id = 'cnVu'.repeat(14);
  expect(runsTable([run({ id })], 200).text).toContain(id);
  const narrow = runsTable([run({ id })], 60);
  expect(narrow.text).not.toContain('cnVu');
  expect(narrow.leftOut).toContain('id');
});

test('a table is for reading: short numbers, the experiment where there are several, system metrics last', () => {
  const metrics = [
    { key: 'loss', last: 0.123456789 },
    { key: 'system/cpu', last: 5 },
  ];
  const { text } = runsTable([run({ metrics }), run({ name: 'two', experiment: { name: 'other' } })], 200);
  expect(text).toBe(
    'name  experiment  status    started           loss      id     system/cpu\n' +
      'one   penguins    finished  2026-11-29 10:20  0.123457  run-1  5\n' +
      'two   other       finished  2026-11-29 10:20            run-1\n',
  );
});

test('a name cannot move the cursor of whoever reads the table', () => {
  const { text } = runsTable([run({ name: 'a\u001b[2Jb\nc\u009b1m\u202e' })], 80);
  expect(text.split('\n')[1]).toMatch(/^a·\[2Jb·c·1m· /);
});

test('as JSON a run has its metrics, params and tags by key, whatever the key', () => {
  const object = runObject(
    run({ params: [{ key: '__proto__', value: 'x' }], metrics: [{ key: 'a', last: 'NaN' }] }),
  );
  expect(JSON.parse(JSON.stringify(object))).toMatchObject({ experiment: 'penguins', metrics: { a: 'NaN' } });
  expect(JSON.stringify(object)).toContain('"params":{"__proto__":"x"}');
});
