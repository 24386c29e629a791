import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type FieldNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

/** Largest document, in lexical tokens: the parser stops there, so a huge document costs nothing. */
export const MAX_TOKENS = 2_000;
/** Deepest nesting of fields. Our deepest useful query (lineage of a version of a run) has 8. */
const MAX_DEPTH = 12;
/** The same below `__schema` and `__type`, where tools ask for types of types. */
const MAX_INTROSPECTION_DEPTH = 20;
/** Operations asked for in one document: a dashboard's page has about 10. */
const MAX_ROOT_FIELDS = 20;
/** Times that one field may be asked for under other names, side by side. */
const MAX_ALIASES_OF_A_FIELD = 15;

const tooComplex = (message: string, node: FieldNode | SelectionSetNode) =>
  new GraphQLError(message, { nodes: node, extensions: { code: 'QUERY_TOO_COMPLEX' } });

/** Limits on the shape of a document. HTTP and WebSocket share them. */
export const limitShape: ValidationRule = (context: ValidationContext): ASTVisitor => ({
  OperationDefinition(operation) {
    const fields = [...fieldsOf(operation.selectionSet, context, new Set())];
    if (fields.length > MAX_ROOT_FIELDS) {
      const message = `The document asks for ${fields.length} root fields; at most ${MAX_ROOT_FIELDS} are allowed.`;
      context.reportError(tooComplex(message, operation.selectionSet));
    }
    const tooDeep = firstTooDeep(operation.selectionSet, context);
    if (tooDeep)
      context.reportError(tooComplex(`The document is nested deeper than ${MAX_DEPTH} fields.`, tooDeep));
  },
  SelectionSet(selectionSet) {
    const counts = new Map<string, number>();
    for (const field of fieldsOf(selectionSet, context, new Set())) {
      const count = (counts.get(field.name.value) ?? 0) + 1;
      counts.set(field.name.value, count);
      if (count === MAX_ALIASES_OF_A_FIELD + 1) {
        const message = `The field “${field.name.value}” is asked for more than ${MAX_ALIASES_OF_A_FIELD} times side by side.`;
        context.reportError(tooComplex(message, field));
        return;
      }
    }
  },
});

/** The fields of a selection. As in execution a fragment counts once, however often it is spread, so this ends. */
function* fieldsOf(
  selectionSet: SelectionSetNode,
  context: ValidationContext,
  seen: Set<string>,
): Generator<FieldNode> {
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FIELD) yield selection;
    else if (selection.kind === Kind.INLINE_FRAGMENT) yield* fieldsOf(selection.selectionSet, context, seen);
    else {
      const fragment = context.getFragment(selection.name.value);
      if (!fragment || seen.has(fragment.name.value)) continue;
      seen.add(fragment.name.value);
      yield* fieldsOf(fragment.selectionSet, context, seen);
    }
  }
}

/** Walks level by level and never below the limit, so that nested fragments cannot make the check itself costly. */
function firstTooDeep(root: SelectionSetNode, context: ValidationContext): FieldNode | null {
  const visited = new Map<SelectionSetNode, number>();
  const walk = (selectionSet: SelectionSetNode, depth: number, limit: number): FieldNode | null => {
    if ((visited.get(selectionSet) ?? 0) >= depth) return null;
    visited.set(selectionSet, depth);
    for (const field of fieldsOf(selectionSet, context, new Set())) {
      const fieldLimit = field.name.value.startsWith('__') ? MAX_INTROSPECTION_DEPTH : limit;
      if (depth > fieldLimit) return field;
      const deeper = field.selectionSet ? walk(field.selectionSet, depth + 1, fieldLimit) : null;
      if (deeper) return deeper;
    }
    return null;
  };
  return walk(root, 1, MAX_DEPTH);
}
