import {
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { BoundedMap } from '../kernel/bounded-map';
import type { Logger } from '../kernel/logger';
import { toClientError } from './client-errors';
import type { CompiledOperations } from './compiled-operations';
import type { OperationContext } from './context';
import { costError } from './cost-limit';
import { limitShape, MAX_TOKENS } from './document-limits';

/** Documents kept parsed and validated. Applications send the same few, with other variables. */
const MAX_DOCUMENTS = 1_000;
/** Longest document that is kept: a thousand of them are 8 MiB of text at most. */
const MAX_KEPT_LENGTH = 8_192;

/** An operation as a client sends it. */
export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
}

/**
 * Operations outside of Apollo: over WebSocket, and the common kind of POST. The limits and the masking are the same.
 */
export class Operations {
  private readonly documents = new BoundedMap<string, DocumentNode>(MAX_DOCUMENTS);

  constructor(
    readonly schema: GraphQLSchema,
    private readonly compiled: CompiledOperations,
    private readonly logger: Logger,
  ) {}

  /** Everything that must hold before an operation runs; its errors are masked already. */
  prepare(request: OperationRequest, context: OperationContext): ExecutionArgs | readonly GraphQLError[] {
    const { query, operationName, variables } = request;
    const document = this.document(query);
    if (Array.isArray(document)) return this.mask(document, context);
    const tooCostly = costError(this.schema, { document, operationName, variables });
    if (tooCostly) return this.mask([tooCostly], context);
    return { schema: this.schema, document, operationName, variableValues: variables, contextValue: context };
  }

  async execute(args: ExecutionArgs): Promise<ExecutionResult> {
    return this.masked(await this.executeUnmasked(args), args.contextValue as OperationContext);
  }

  /** The result as no client may see it. */
  executeUnmasked(args: ExecutionArgs): Promise<ExecutionResult> {
    return this.compiled.execute(args);
  }

  /** The result as its client may see it. */
  masked(result: ExecutionResult, context: OperationContext): ExecutionResult {
    return result.errors ? { ...result, errors: this.mask(result.errors, context) } : result;
  }

  private mask(errors: readonly GraphQLError[], { requestId }: OperationContext): GraphQLError[] {
    return errors.map((error) => {
      const { message, extensions } = toClientError(error, requestId, this.logger);
      const { nodes, source, positions, path } = error;
      return new GraphQLError(message, { nodes, source, positions, path, extensions });
    });
  }

  private document(query: string): DocumentNode | GraphQLError[] {
    const known = this.documents.get(query);
    if (known) return known;
    try {
      const document = parse(query, { maxTokens: MAX_TOKENS });
      const errors = validate(this.schema, document, [...specifiedRules, limitShape]);
      if (errors.length > 0) return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'));
      if (query.length <= MAX_KEPT_LENGTH) this.documents.set(query, document);
      return document;
    } catch (error) {
      if (error instanceof GraphQLError) return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
      throw error;
    }
  }
}

/** The code that Apollo gives, where the error has none of its own. */
const withCode = (error: GraphQLError, code: string) =>
  new GraphQLError(error.message, {
    nodes: error.nodes,
    path: error.path,
    extensions: { code, ...error.extensions },
  });
