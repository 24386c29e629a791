import { buildSchema, GraphQLError, parse, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { CompiledOperations } from '../../../src/graphql/compiled-operations';
import { DoubleScalar } from '../../../src/kernel/scalars.graphql';

/** Fields that say how they were called; `Double` is ours, with NaN among its values. */
function testSchema(calls: string[] = []): GraphQLSchema {
  const schema = buildSchema(`
    scalar Double
    input Point { step: Int = 7, value: Double! }
    type Query { echo(points: [Point!]!): [Double!]!, steps(points: [Point!]!): [Int!]!, fail: Int, need: Int! }
    type Mutation { first: Int, second: Int }
  `);
  Object.assign(schema.getType('Double') as object, {
    parseValue: DoubleScalar.parseValue,
    serialize: DoubleScalar.serialize,
  });
  const query = schema.getQueryType()?.getFields() ?? {};
  const mutation = schema.getMutationType()?.getFields() ?? {};
  const resolve = (field: (typeof query)[string] | undefined, work: (args: never) => unknown) => {
    if (field) field.resolve = (_root, args) => work(args as never);
  };
  resolve(query.echo, ({ points }: { points: { value: number }[] }) => points.map(({ value }) => value));
  resolve(query.steps, ({ points }: { points: { step: number }[] }) => points.map(({ step }) => step));
  const failure = () => {
    throw new RangeError('out of range');
  };
  resolve(query.fail, failure);
  resolve(query.need, () => Promise.reject(new RangeError('none')));
  resolve(mutation.first, async () => {
    calls.push('first begins');
    await new Promise(setImmediate);
    calls.push('first ends');
    return 1;
  });
  resolve(mutation.second, () => {
    calls.push('second');
    return 2;
  });
  return schema;
}

/** What both ways answer; compiled from the first use on, or never. */
async function bothWays(text: string, variables: Record<string, unknown> = {}) {
  const answers: ExecutionResult[] = [];
  for (const compileAfterUses of [1, 0]) {
    const operations = new CompiledOperations(compileAfterUses);
    const args = { schema: testSchema(), document: parse(text), variableValues: variables };
    answers.push(await operations.execute(args));
  }
  const [compiled, interpreted] = answers as [ExecutionResult, ExecutionResult];
  return { compiled, interpreted };
}

const asJson = ({ data, errors }: ExecutionResult): unknown =>
  JSON.parse(JSON.stringify({ data, errors: errors?.map((error) => error.toJSON()) }));

const ECHO = 'query ($points: [Point!]!) { echo(points: $points) steps(points: $points) }';

test.each([
  ['values and defaults', ECHO, { points: [{ value: 1.5 }, { value: '-0', step: 2 }] }],
  ['a NaN among the variables', ECHO, { points: [{ value: 'NaN' }, { value: 'Infinity' }] }],
  ['a list of one without brackets', ECHO, { points: { value: 3 } }],
  ['a variable of the wrong type', ECHO, { points: [{ value: 'much' }] }],
  ['an unknown field of an input', ECHO, { points: [{ value: 1, weight: 2 }] }],
  ['a missing variable', ECHO, {}],
  ['a null where there may be none', ECHO, { points: null }],
  ['a field that throws', 'query Q {\n  fail\n}', {}],
  ['a field that must not be null and fails later', '{ fail\n   need }', {}],
  [
    'skipped and included fields',
    'query ($no: Boolean!) { fail @include(if: $no) __typename }',
    { no: false },
  ],
])('%s: a compiled operation answers as an interpreted one', async (_name, text, variables) => {
  const { compiled, interpreted } = await bothWays(text, variables);
  expect(asJson(compiled)).toEqual(asJson(interpreted));
});

test('errors of compiled operations are GraphQL errors that know their cause', async () => {
  const { compiled } = await bothWays('{ fail }');
  expect(compiled.errors?.[0]).toBeInstanceOf(GraphQLError);
  expect(compiled.errors?.[0]?.originalError).toBeInstanceOf(RangeError);
  expect(compiled.errors?.[0]?.constructor).toBe(GraphQLError);
});

test('mutations of one document run one after the other', async () => {
  const calls: string[] = [];
  const operations = new CompiledOperations(1);
  await operations.execute({ schema: testSchema(calls), document: parse('mutation { first second }') });
  expect(calls).toEqual(['first begins', 'first ends', 'second']);
});
