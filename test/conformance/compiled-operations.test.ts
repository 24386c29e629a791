import { parse, type GraphQLField } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { createSchema } from '../../src/graphql/schema';

const schema = createSchema();
const fields = [
  ...Object.values(schema.getQueryType()?.getFields() ?? {}).map((field) => ['query', field] as const),
  ...Object.values(schema.getMutationType()?.getFields() ?? {}).map((field) => ['mutation', field] as const),
];

/** The field with every argument as a variable, so that every input type and default is compiled. */
function documentOf(kind: string, { name, args, type }: GraphQLField<unknown, unknown>): string {
  const declared = args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ');
  const given = args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const isLeaf = /^(String|Int|Boolean|ID|Float)!?$/.test(String(type));
  return `${kind}${declared && `(${declared})`} { ${name}${given && `(${given})`} ${isLeaf ? '' : '{ __typename }'} }`;
}

test.each(fields.map(([kind, field]) => [`${kind} ${field.name}`, documentOf(kind, field)]))(
  '%s can be compiled',
  (_name, text) => {
    const compiled = compileQuery(schema, parse(text), undefined);
    expect(isCompiledQuery(compiled) ? [] : compiled.errors).toEqual([]);
  },
);
