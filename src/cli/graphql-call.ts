import { CommandFailed } from './command';
import type { Operation } from './operations/operation';
import { headersOf, type ServerAccess } from './server-access';

/** No query of a command takes longer, on any healthy server. */
const TIMEOUT_MS = 30_000;
/** What of an answer that is no JSON is shown. */
const MAX_SHOWN = 200;

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string }[];
}

/** Runs a query or a mutation. Refusals of a result union are data; all else that goes wrong fails the command. */
export async function callGraphql<Data, Variables>(
  access: ServerAccess,
  { text }: Operation<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const answer = await post(access, JSON.stringify({ query: text, variables }));
  const { data, errors } = parse<Data>(answer);
  if (errors?.length) throw new CommandFailed(errors.map(({ message }) => message).join('\n'));
  if (!data) throw new CommandFailed(`${access.url} answered neither data nor errors.`);
  return data;
}

async function post(access: ServerAccess, body: string): Promise<string> {
  try {
    const response = await fetch(`${access.url}/graphql`, {
      method: 'POST',
      headers: { ...headersOf(access), 'content-type': 'application/json', accept: 'application/json' },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return await response.text();
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
    throw new CommandFailed(`No answer from ${access.url}: ${why}. Is the server running? \`npm start\`.`);
  }
}

function parse<Data>(text: string): Answer<Data> {
  try {
    return JSON.parse(text) as Answer<Data>;
  } catch {
    throw new CommandFailed(`The answer is not GraphQL’s: ${text.slice(0, MAX_SHOWN)}`);
  }
}
