import { buildSchema, GraphQLError, parse } from 'graphql';
import pino from 'pino';
import { toClientError } from '../../../src/graphql/client-errors';
import { CompiledOperations } from '../../../src/graphql/compiled-operations';
import { costError } from '../../../src/graphql/cost-limit';

const schema = buildSchema('input I { a: Int } type Query { ask(input: I): Int }');
const document = parse('query ($i: I) { ask(input: $i) }');
const unknownFields = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`unknown${at}`, at]));

test('of very many mistakes in one value the first is told, at once', () => {
  const variables = { i: unknownFields(20_000) }; // minutes, where all of it is written down for each
  const error = costError(schema, { document, operationName: undefined, variables });
  expect(error?.extensions.code).toBe('BAD_USER_INPUT');
  expect(error?.message).toMatch(/Field "unknown0" is not defined by type "I"\.$/);
});

test.each([
  ['run as it is', 0],
  ['compiled', 1],
])('an operation that is %s tells a few of them', async (_how, compileAfterUses) => {
  const variableValues = { i: unknownFields(20) };
  const { errors } = await new CompiledOperations(compileAfterUses).execute({
    schema,
    document,
    variableValues,
  });
  expect(errors?.map(({ message }) => message.slice(-30))).toEqual([
    ...[0, 1, 2].map(() => expect.stringContaining('is not defined by type "I".')),
    expect.stringContaining('Execution aborted.'),
  ]);
});

test('a sentence that repeats megabytes loses its middle', () => {
  const mistake = new GraphQLError(`Variable "$i" got { ${'x'.repeat(5_000)} }; Field "y" is not defined.`);
  const { message } = toClientError(mistake, 'id', pino({ level: 'silent' }));
  expect(message).toHaveLength(2_003);
  expect(message).toMatch(/^Variable "\$i" got \{ x+ … x+ \}; Field "y" is not defined\.$/);
});
