/** What GraphQL answers to one operation, whether over HTTP or over WebSocket. */
export interface GraphQLAnswer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[];
}

/** The data, or the errors as one exception with their codes. */
export function dataOf<Data>({ data, errors }: GraphQLAnswer<Data>): Data {
  if (errors && errors.length > 0) {
    throw new Error(
      errors.map(({ message, extensions }) => `${String(extensions?.code)}: ${message}`).join('\n'),
    );
  }
  if (data === undefined || data === null) throw new Error('/graphql answered neither data nor errors.');
  return data;
}
