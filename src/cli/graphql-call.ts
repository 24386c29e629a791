import { callOnce } from '../client/graphql-call';
import type { Operation } from '../client/operations/operation';
import { CommandFailed } from './command';
import type { ServerAccess } from './server-access';

/** Few queries and mutations take longer, on any healthy server. */
const TIMEOUT_MS = 30_000;

/** Runs a query or a mutation. Refusals of a result union are data; all else that goes wrong fails the command. */
export async function callGraphql<Data, Variables>(
  access: ServerAccess,
  operation: Operation<Data, Variables>,
  variables: Variables,
  timeoutMs = TIMEOUT_MS,
): Promise<Data> {
  const end = await callOnce(access, operation, variables, { timeoutMs });
  if (end.kind === 'answered') return end.data;
  const advice = end.code === 'UNREACHABLE' ? ' Is the server running? `npm start`.' : '';
  throw new CommandFailed(`${end.message}${advice}`);
}
