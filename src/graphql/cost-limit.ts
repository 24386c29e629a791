import {
  getOperationAST,
  getVariableValues,
  GraphQLError,
  Kind,
  visit,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity';

/** Largest cost of an operation: a field costs 1, a list its rows times what each row costs. */
const MAX_COST = 5_000;

const estimators = [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })];
/** Costs of documents whose variables cannot change them, for as long as the document is kept elsewhere. */
const constantCosts = new WeakMap<DocumentNode, Map<string, number>>();

export interface Operation {
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * The error to answer with where the operation costs too much, else null. HTTP and WebSocket share it. Variables of
 * the wrong shape are noticed here first, since the cost depends on them.
 */
export function costError(schema: GraphQLSchema, operation: Operation): GraphQLError | null {
  try {
    return tooExpensive(costOf(schema, operation));
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const extensions = { ...error.extensions, code: 'BAD_USER_INPUT' };
    return new GraphQLError(error.message, { nodes: error.nodes, extensions });
  }
}

function tooExpensive(cost: number): GraphQLError | null {
  if (cost <= MAX_COST) return null;
  return new GraphQLError(
    `The operation costs ${cost}; at most ${MAX_COST} is allowed. Ask for fewer rows (“first”) or fewer nested lists.`,
    { extensions: { code: 'QUERY_TOO_COMPLEX', cost, limit: MAX_COST } },
  );
}

function costOf(schema: GraphQLSchema, { document, operationName, variables }: Operation): number {
  const name = operationName ?? '';
  const known = constantCosts.get(document)?.get(name);
  if (known !== undefined) return known;
  checkVariables(schema, { document, operationName, variables });
  const cost = getComplexity({
    schema,
    query: document,
    operationName: name || undefined,
    variables: { ...variables },
    estimators,
  });
  if (!dependsOnVariables(document)) {
    const costs = constantCosts.get(document) ?? new Map<string, number>();
    constantCosts.set(document, costs.set(name, cost));
  }
  return cost;
}

/**
 * The library that estimates looks for all that is wrong with variables, and writes down the whole value for each: an
 * object with a few thousand unknown fields takes it a minute. Here the first mistake ends it.
 *
 * @throws GraphQLError
 */
function checkVariables(schema: GraphQLSchema, { document, operationName, variables }: Operation): void {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  const { errors } = getVariableValues(schema, definitions, { ...variables }, { maxErrors: 1 });
  if (errors?.[0]) throw errors[0];
}

/** Costs come from arguments such as `first`; a mutation's `input` never adds rows to the answer. */
function dependsOnVariables(document: DocumentNode): boolean {
  let depends = false;
  visit(document, {
    Argument(argument) {
      if (argument.value.kind === Kind.VARIABLE && argument.name.value !== 'input') depends = true;
    },
  });
  return depends;
}
