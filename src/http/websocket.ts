import {
  createSourceEventStream,
  execute,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import type { Context as SocketContext, SubscribePayload } from 'graphql-ws';
import type { Server } from 'node:http';
import { WebSocketServer } from 'ws';
import type { Auth } from '../auth/auth';
import { toClientError } from '../graphql/client-errors';
import { OperationContext } from '../graphql/context';
import { costError } from '../graphql/cost-limit';
import { limitShape, MAX_TOKENS } from '../graphql/document-limits';
import type { Services } from '../graphql/resolvers';
import type { Actor } from '../kernel/actor';
import { Failure } from '../kernel/errors';
import type { Logger } from '../kernel/logger';

/** Largest message of a client: an operation with its variables. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Operations that may be open on one socket at a time. */
const MAX_OPERATIONS_PER_SOCKET = 100;
/** Time for the first message after connecting. */
const INIT_TIMEOUT_MS = 3_000;
/** Pause between pings: shorter than the idle time-outs of usual proxies (60 s). */
const PING_INTERVAL_MS = 20_000;
const CLOSE_UNAUTHORIZED = 4401;
const CLOSE_FORBIDDEN = 4403;

type Socket = SocketContext<Record<string, unknown>, Extra & { actor?: Actor }>;

export interface WebSocketInput {
  readonly server: Server;
  readonly schema: GraphQLSchema;
  readonly services: Services;
  readonly auth: Auth;
  readonly logger: Logger;
}

/** `ws /graphql`: the graphql-transport-ws protocol, under the same limits and masking as HTTP. */
export function serveWebSocket({ server, schema, services, auth, logger }: WebSocketInput): {
  stop(): Promise<void>;
} {
  const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload: MAX_MESSAGE_BYTES });
  const masked: Masked = (result, { requestId }) => {
    if (!result.errors) return result;
    const errors = result.errors.map((error) => {
      const { message, extensions } = toClientError(error, requestId, logger);
      return new GraphQLError(message, { nodes: error.nodes, path: error.path, extensions });
    });
    return { ...result, errors };
  };

  const disposable = useServer(
    {
      schema,
      connectionInitWaitTimeout: INIT_TIMEOUT_MS,
      onConnect: async (socket) => {
        try {
          const { authorization, 'x-modelgraph-project': project } = socket.connectionParams ?? {};
          const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
          (socket as Socket).extra.actor = await auth.authenticate(text(authorization), text(project));
          return true;
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          const isForbidden = error.code === 'FORBIDDEN';
          socket.extra.socket.close(
            isForbidden ? CLOSE_FORBIDDEN : CLOSE_UNAUTHORIZED,
            isForbidden ? 'Forbidden' : 'Unauthorized',
          );
          return undefined;
        }
      },
      onSubscribe: (socket, _id, payload) => {
        const { actor } = (socket as Socket).extra;
        if (!actor) throw new Error('A socket without an actor has been closed.');
        const context = new OperationContext(services, actor);
        const prepared = prepare(schema, payload, context, Object.keys(socket.subscriptions).length);
        return Array.isArray(prepared) ? [...(masked({ errors: prepared }, context).errors ?? [])] : prepared;
      },
      execute: async (args: ExecutionArgs) =>
        masked(await execute(args), args.contextValue as OperationContext),
      subscribe: (args: ExecutionArgs) => subscribe(args, masked),
    },
    sockets,
    PING_INTERVAL_MS,
  );
  return { stop: async () => disposable.dispose() };
}

/** Everything that must hold before an operation runs; Apollo's plugins do not reach WebSockets. */
function prepare(
  schema: GraphQLSchema,
  payload: SubscribePayload,
  context: OperationContext,
  openOperations: number,
): ExecutionArgs | GraphQLError[] {
  if (openOperations > MAX_OPERATIONS_PER_SOCKET) {
    const message = `A socket may have at most ${MAX_OPERATIONS_PER_SOCKET} operations open.`;
    return [new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX' } })];
  }
  try {
    const document = parse(payload.query, { maxTokens: MAX_TOKENS });
    const errors = validate(schema, document, [...specifiedRules, limitShape]);
    if (errors.length > 0) return errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED'));
    const { operationName, variables } = payload;
    const tooCostly = costError(schema, { document, operationName, variables });
    if (tooCostly) return [tooCostly];
    return { schema, document, operationName, variableValues: variables, contextValue: context };
  } catch (error) {
    if (error instanceof GraphQLError) return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
    throw error;
  }
}

/** The code that Apollo gives over HTTP, where the error has none of its own. */
const withCode = (error: GraphQLError, code: string) =>
  new GraphQLError(error.message, {
    ...error,
    nodes: error.nodes,
    extensions: { code, ...error.extensions },
  });

type Masked = (result: ExecutionResult, context: OperationContext) => ExecutionResult;

/** As graphql-js' own, but every event is executed with loaders of its own, and a source that fails says so. */
async function subscribe(
  args: ExecutionArgs,
  masked: Masked,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const context = args.contextValue as OperationContext;
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) return masked(source, context);
  const execution = async (event: unknown) =>
    masked(await execute({ ...args, rootValue: event, contextValue: context.refreshed() }), context);
  const failure = (error: unknown) => {
    const original = error instanceof Error ? error : new Error(String(error));
    return masked({ errors: [new GraphQLError(original.message, { originalError: original })] }, context);
  };
  return executed(source[Symbol.asyncIterator](), execution, failure);
}

/**
 * Not an async generator: the `return()` of one that waits for its source waits with it, so that a source without
 * events would never learn that its client has left. Here it reaches the source at once.
 */
function executed(
  source: AsyncIterator<unknown>,
  execution: (event: unknown) => Promise<ExecutionResult>,
  failure: (error: unknown) => ExecutionResult,
): AsyncIterableIterator<ExecutionResult, undefined> {
  const over: IteratorResult<ExecutionResult, undefined> = { done: true, value: undefined };
  let isOver = false;
  const end = async () => {
    isOver = true;
    await source.return?.();
    return over;
  };
  return {
    async next() {
      if (isOver) return over;
      try {
        const event = await source.next();
        isOver ||= event.done === true;
        return isOver ? over : { done: false, value: await execution(event.value) };
      } catch (error) {
        isOver = true;
        return { done: false, value: failure(error) };
      }
    },
    return: end,
    throw: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
