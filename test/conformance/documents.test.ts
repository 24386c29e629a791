import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, parse, specifiedRules, validate } from 'graphql';
import { limitShape } from '../../src/graphql/document-limits';

/** Every document that we hand to others, against the schema that we hand to them. */
const ROOT = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const schema = buildSchema(read('schema/schema.graphql'));

const FOLDERS = ['examples/penguins/operations', 'src/cli/operations', 'src/client/operations'];
/** What the other files are made of. */
const WITHOUT_DOCUMENTS = ['double.ts', 'operation.ts', 'refusal.ts'];
const FILES = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((file) => !WITHOUT_DOCUMENTS.includes(file))
    .map((file) => `${folder}/${file}`),
);

const isOperation = (value: unknown): value is { text: string } =>
  typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string';
const documentsOf = (file: string) =>
  Object.entries(jest.requireActual<Record<string, unknown>>(join(ROOT, file))).flatMap(([name, value]) =>
    isOperation(value) ? [{ file, name, text: value.text }] : [],
  );

/** The text between the first pair of these marks. */
function between(path: string, start: string, end: string): string {
  const text = read(path);
  const from = text.indexOf(start) + start.length;
  if (from < start.length) throw new Error(`${path} has no ${start} any more.`);
  return text.slice(from, text.indexOf(end, from));
}
const DOCUMENTS = [
  ...FILES.flatMap(documentsOf),
  {
    file: 'predict.py',
    name: 'PREDICT',
    text: between('examples/python/predict.py', 'PREDICT = """', '"""'),
  },
  ...['SIGNATURE', 'PREDICT'].map((name) => ({
    file: 'locustfile.py',
    name,
    text: between('examples/locust/locustfile.py', `${name} = """`, '"""'),
  })),
  { file: 'README.md', name: 'curl', text: between('README.md', '{"query":"', '"}') },
];

test('every file of operations has some', () => {
  expect([...new Set(FILES.flatMap(documentsOf).map(({ file }) => file))]).toEqual(FILES);
});

test.each(DOCUMENTS)('$file: $name fits the schema and its limits', ({ text }) => {
  const errors = validate(schema, parse(text), [...specifiedRules, limitShape]);
  expect(errors.map(({ message }) => message)).toEqual([]);
});
