import { createSourceEventStream, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import type { Context as SocketContext } from 'graphql-ws';
import type { Server } from 'node:http';
import { WebSocketServer } from 'ws';
import type { Auth } from '../auth/auth';
import { OperationContext } from '../graphql/context';
import type { Operations } from '../graphql/operations';
import type { Services } from '../graphql/resolvers';
import { headerOf } from '../kernel/http-header';
import type { Logger } from '../kernel/logger';
import { SocketCredentials, type SocketCredential } from './socket-credentials';

/** Largest message of a client: an operation with its variables. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Operations that may be open on one socket at a time. */
const MAX_OPERATIONS_PER_SOCKET = 100;
/** Time for the first message after connecting. */
const INIT_TIMEOUT_MS = 3_000;
/** Pause between pings: shorter than the idle time-outs of usual proxies (60 s). */
const PING_INTERVAL_MS = 20_000;

type Socket = SocketContext<Record<string, unknown>, Extra>;

export interface WebSocketInput {
  readonly server: Server;
  readonly operations: Operations;
  readonly services: Services;
  readonly auth: Auth;
  readonly logger: Logger;
}

/** `ws /graphql`: the graphql-transport-ws protocol, under the same limits and masking as HTTP. */
export function serveWebSocket({ server, operations, services, auth, logger }: WebSocketInput): {
  stop(): Promise<void>;
} {
  const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload: MAX_MESSAGE_BYTES });
  const credentials = new SocketCredentials(auth, logger, sockets.clients);
  const actorOf = (socket: Socket) => credentials.admit(socket.extra.socket, credentialOf(socket));
  const disposable = useServer(
    {
      schema: operations.schema,
      connectionInitWaitTimeout: INIT_TIMEOUT_MS,
      onConnect: async (socket) => (await actorOf(socket)) !== null || undefined,
      onSubscribe: async (socket, _id, payload) => {
        const actor = await actorOf(socket);
        if (!actor) return []; // the socket is closed
        if (Object.keys(socket.subscriptions).length > MAX_OPERATIONS_PER_SOCKET)
          return [tooManyOperations()];
        const header = (name: string) => headerOf(socket.extra.request, name);
        const context = new OperationContext(services, actor, undefined, undefined, header);
        const prepared = operations.prepare(payload, context);
        return 'document' in prepared ? prepared : [...prepared];
      },
      execute: (args: ExecutionArgs) => operations.execute(args),
      subscribe: (args: ExecutionArgs) => subscribe(operations, args),
    },
    sockets,
    PING_INTERVAL_MS,
  );
  credentials.start();
  return {
    stop: async () => {
      await credentials.stop();
      await disposable.dispose();
    },
  };
}

const credentialOf = ({ connectionParams }: Socket): SocketCredential => {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    authorization: text(connectionParams?.authorization),
    project: text(connectionParams?.['x-modelgraph-project']),
  };
};

const tooManyOperations = () =>
  new GraphQLError(`A socket may have at most ${MAX_OPERATIONS_PER_SOCKET} operations open.`, {
    extensions: { code: 'QUERY_TOO_COMPLEX' },
  });

/** As graphql-js' own, but every event is executed with loaders of its own, and a source that fails says so. */
async function subscribe(
  operations: Operations,
  args: ExecutionArgs,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const context = args.contextValue as OperationContext;
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) return operations.masked(source, context);
  const execution = (event: unknown) =>
    operations.execute({ ...args, rootValue: event, contextValue: context.refreshed() });
  const failure = (error: unknown) => {
    const original = error instanceof Error ? error : new Error(String(error));
    return operations.masked(
      { errors: [new GraphQLError(original.message, { originalError: original })] },
      context,
    );
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
