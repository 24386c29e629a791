import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, OperationTypeNode, type GraphQLSchema } from 'graphql';
import type { Logger } from '../kernel/logger';
import { toClientError } from './client-errors';
import type { OperationContext } from './context';
import { costError } from './cost-limit';
import { limitShape, MAX_TOKENS } from './document-limits';

/** GraphQL over HTTP: parsing, validation, limits, masking. Which request reaches it is the HTTP server's matter. */
export function createApollo(schema: GraphQLSchema, logger: Logger): ApolloServer<OperationContext> {
  return new ApolloServer<OperationContext>({
    schema,
    plugins: [REFUSE_SUBSCRIPTIONS, limitCost(schema), maskErrors(logger), ...WITHOUT_DEFAULTS],
    validationRules: [limitShape],
    parseOptions: { maxTokens: MAX_TOKENS },
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    introspection: true, // every call has a credential already
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false, // main.ts stops everything, in order
  });
}

/** What Apollo would add by itself: each costs every operation something, and none is used here. */
const WITHOUT_DEFAULTS = [
  ApolloServerPluginCacheControlDisabled(),
  ApolloServerPluginInlineTraceDisabled(),
  ApolloServerPluginLandingPageDisabled(),
  ApolloServerPluginSchemaReportingDisabled(),
  ApolloServerPluginUsageReportingDisabled(),
];

/** Apollo would execute one like a query, without the event that its resolvers are made for. */
const REFUSE_SUBSCRIPTIONS: ApolloServerPlugin<OperationContext> = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation({ operation }) {
        if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return Promise.resolve();
        throw new GraphQLError(
          'Subscriptions are told over a WebSocket to /graphql, by the protocol “graphql-transport-ws”, not over HTTP.',
          { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } },
        );
      },
    }),
};

const limitCost = (schema: GraphQLSchema): ApolloServerPlugin<OperationContext> => ({
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation({ document, operationName, request }) {
        const error = costError(schema, { document, operationName, variables: request.variables });
        if (error)
          throw new GraphQLError(error.message, {
            extensions: { ...error.extensions, http: { status: 400 } },
          });
        return Promise.resolve();
      },
    }),
});

/** A plugin rather than `formatError`, since only a plugin knows the call and so its requestId. */
const maskErrors = (logger: Logger): ApolloServerPlugin<OperationContext> => ({
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse({ response, errors, contextValue }) {
        if (errors && response.body.kind === 'single') {
          response.body.singleResult.errors = errors.map((error) =>
            toClientError(error, contextValue.requestId, logger),
          );
        }
        return Promise.resolve();
      },
    }),
});
