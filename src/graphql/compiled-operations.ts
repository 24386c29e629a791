import {
  execute,
  getOperationAST,
  GraphQLError,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type OperationDefinitionNode,
  type Source,
  type SourceLocation,
} from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';
import { BoundedMap } from '../kernel/bounded-map';

/** Mistakes in variables that are told: for each, all of the value that it is in is written down. */
const MAX_TOLD_MISTAKES = 3;

/**
 * Compiled operations kept at a time, of about 50 kB each. The oldest makes room, and is compiled again if it comes.
 */
const MAX_COMPILED = 250;

/**
 * Executes operations: those that come again and again as compiled functions, all others, and what a compiled one
 * does not take (it holds NaN among variables for a mistake, and its sentences differ), by graphql-js.
 */
export class CompiledOperations {
  private readonly uses = new WeakMap<OperationDefinitionNode, number>();
  /** Null: it cannot be compiled. */
  private readonly compiled = new BoundedMap<OperationDefinitionNode, CompiledQuery | null>(MAX_COMPILED);

  /**
   * @param compileAfterUses the use from which on an operation is compiled, which costs as much as some hundred
   *   executions of a small one; 0: never
   */
  constructor(private readonly compileAfterUses: number) {}

  async execute(args: ExecutionArgs): Promise<ExecutionResult> {
    const query = this.queryFor(args);
    if (!query) return executed(args);
    const result = (await query(args.rootValue, args.contextValue, args.variableValues)) as ExecutionResult;
    if (!('data' in result)) return executed(args); // refused before anything ran
    return result.errors ? { ...result, errors: located(result.errors, args.document) } : result;
  }

  private queryFor(args: ExecutionArgs): CompiledQuery['query'] | undefined {
    const operation = getOperationAST(args.document, args.operationName);
    if (!operation || this.compileAfterUses === 0) return undefined;
    const known = this.compiled.get(operation);
    if (known !== undefined) return known?.query;
    const uses = (this.uses.get(operation) ?? 0) + 1;
    this.uses.set(operation, uses);
    if (uses < this.compileAfterUses) return undefined;
    const compiled = compile(args);
    this.compiled.set(operation, compiled);
    return compiled?.query;
  }
}

const executed = (args: ExecutionArgs) =>
  execute({ ...args, options: { ...args.options, maxCoercionErrors: MAX_TOLD_MISTAKES } });

function compile({ schema, document, operationName }: ExecutionArgs): CompiledQuery | null {
  const result = compileQuery(schema, document, operationName ?? undefined);
  return isCompiledQuery(result) ? result : null;
}

/** Errors of compiled code know where they come from as line and column only; ours are made from places in the text. */
function located(errors: readonly GraphQLError[], { loc }: DocumentNode): GraphQLError[] {
  return errors.map(
    ({ message, locations, path, originalError, extensions }) =>
      new GraphQLError(message, {
        source: loc?.source,
        positions: loc && locations?.map((location) => positionOf(loc.source, location)),
        path,
        originalError,
        extensions,
      }),
  );
}

function positionOf({ body }: Source, { line, column }: SourceLocation): number {
  let start = 0;
  for (let passed = 1; passed < line; passed += 1) start = body.indexOf('\n', start) + 1;
  return start + column - 1;
}
