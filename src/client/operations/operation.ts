/** A GraphQL document, with the type of its answer and of its variables, which exist for the compiler only. */
export interface Operation<Data, Variables> {
  readonly text: string;
  readonly types?: { readonly data: Data; readonly variables: Variables };
}

export function operation<Data, Variables>(text: string): Operation<Data, Variables> {
  return { text };
}
