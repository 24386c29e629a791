import { GraphQLError, type ExecutionArgs } from 'graphql';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import type { Context as SocketContext } from 'graphql-ws';
import type { Server } from 'node:http';
import { WebSocketServer } from 'ws';
import type { Auth } from '../auth/auth';
import { OperationContext } from '../graphql/context';
import type { Operations } from '../graphql/operations';
import type { Outlet } from '../graphql/outlet';
import type { Services } from '../graphql/resolvers';
import { Subscriptions } from '../graphql/subscriptions';
import { headerOf } from '../kernel/http/http-header';
import type { Logger } from '../kernel/logger';
import { SocketCredentials, type SocketCredential } from './socket-credentials';
import { TurnEnd } from './turn-end';
import { takeUpgrades } from './upgrades';
import { Wire } from './wire';

/** Largest message of a client: an operation with its variables. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Operations that may be open on one socket at a time. */
const MAX_OPERATIONS_PER_SOCKET = 100;
/** Time for the first message after connecting. */
const INIT_TIMEOUT_MS = 3_000;
/** Pause between pings: shorter than the idle time-outs of usual proxies (60 s). */
const PING_INTERVAL_MS = 20_000;

type Socket = SocketContext<Record<string, unknown>, Extra>;
/** What the library passes on to `subscribe` as it is. */
interface SubscribeArgs extends ExecutionArgs {
  readonly outlet: Outlet;
}

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
  const sockets = new WebSocketServer({ noServer: true, path: '/graphql', maxPayload: MAX_MESSAGE_BYTES });
  takeUpgrades(server, sockets);
  const credentials = new SocketCredentials(auth, logger, sockets.clients);
  const subscriptions = new Subscriptions(operations);
  const wireOf = wires();
  const actorOf = (socket: Socket) => credentials.admit(socket.extra.socket, credentialOf(socket));
  const disposable = useServer(
    {
      schema: operations.schema,
      connectionInitWaitTimeout: INIT_TIMEOUT_MS,
      onConnect: async (socket) => (await actorOf(socket)) !== null || undefined,
      onSubscribe: async (socket, id, payload) => {
        const actor = await actorOf(socket);
        if (!actor) return []; // the socket is closed
        if (Object.keys(socket.subscriptions).length > MAX_OPERATIONS_PER_SOCKET)
          return [tooManyOperations()];
        const header = (name: string) => headerOf(socket.extra.request, name);
        const context = new OperationContext(services, actor, undefined, undefined, header);
        const prepared = operations.prepare(payload, context);
        return 'document' in prepared ? { ...prepared, outlet: wireOf(socket).outlet(id) } : [...prepared];
      },
      execute: (args: ExecutionArgs) => operations.execute(args),
      subscribe: (args) => {
        const { outlet, ...execution } = args as SubscribeArgs;
        return subscriptions.subscribe(execution, outlet);
      },
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

function wires(): (socket: Socket) => Wire {
  const known = new WeakMap<object, Wire>();
  const turnEnd = new TurnEnd();
  return ({ extra: { socket, request } }) => {
    const wire = known.get(socket) ?? new Wire(socket, request.socket, turnEnd);
    known.set(socket, wire);
    return wire;
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
