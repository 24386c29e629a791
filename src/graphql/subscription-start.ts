import { createHash } from 'node:crypto';
import {
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  Kind,
  visit,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type SelectionSetNode,
} from 'graphql';
import type { OperationContext } from './context';

/** How somebody begins to watch. */
export interface SubscriptionStart {
  /** Equal for all who are told the same of each event: the same operation, values and rights. */
  readonly key: string;
  /** The cursor to go on from, by the argument `after`; null: from the beginning. */
  readonly after: string | null;
}

/**
 * Who may be told the same. Where each of them begins is no part of it. Rights are the project and the role: nothing
 * that reads looks at the key itself.
 *
 * @param args of a valid document; throws a GraphQLError where its variables are wrong
 */
export function subscriptionStart(args: ExecutionArgs): SubscriptionStart {
  const { document, operationName, schema } = args;
  const operation = getOperationAST(document, operationName);
  const field = operation && firstField(operation.selectionSet, document);
  const definition = field && schema.getSubscriptionType()?.getFields()[field.name.value];
  if (!definition) throw new GraphQLError('Expected a subscription.');
  const given: Readonly<Record<string, unknown>> = args.variableValues ?? {};
  const definitions = operation.variableDefinitions ?? [];
  const { coerced, errors } = getVariableValues(schema, definitions, given, { maxErrors: 1 });
  if (errors?.[0]) throw errors[0];
  const { after } = getArgumentValues(definition, field, coerced);

  const startVariable = variableOnlyFor(document, field, 'after');
  const variables = definitions
    .map(({ variable }) => variable.name.value)
    .filter((name) => name !== startVariable && Object.hasOwn(given, name))
    .map((name) => [name, given[name]]);
  const { projectId, role } = (args.contextValue as OperationContext).actor;
  const same = [document.loc?.source.body, operationName ?? null, variables, projectId, role];
  const key = createHash('sha256').update(JSON.stringify(same)).digest('base64');
  return { key, after: typeof after === 'string' ? after : null };
}

/** A valid subscription has one root field, be it in a fragment. */
function firstField({ selections }: SelectionSetNode, document: DocumentNode): FieldNode | null {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) return selection;
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT
        ? selection
        : document.definitions.find(
            (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === selection.name.value,
          );
    const found = fragment && 'selectionSet' in fragment && fragment.selectionSet;
    const field = found ? firstField(found, document) : null;
    if (field) return field;
  }
  return null;
}

/** The variable that gives this argument and is used for nothing else; null where there is none. */
function variableOnlyFor(document: DocumentNode, field: FieldNode, argumentName: string): string | null {
  const value = field.arguments?.find(({ name }) => name.value === argumentName)?.value;
  if (value?.kind !== Kind.VARIABLE) return null;
  const wanted = value.name.value;
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable({ name }) {
      if (name.value === wanted) uses += 1;
    },
  });
  return uses === 1 ? wanted : null;
}
