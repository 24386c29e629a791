import { Kind, OperationTypeNode, parse, print, visit, type DocumentNode } from 'graphql';
import type { Fields } from './api-client';

/** A mutation that a client sent, and what it was told. Whether one without an answer was done, nobody knows. */
export interface Sent {
  readonly field: string;
  readonly input: Fields;
  readonly document: DocumentNode;
  outcome: 'unanswered' | 'refused' | 'acknowledged';
  /** The member of the result union; empty while there is none. */
  answer: Fields;
}

/** What a client was told is kept, in the order in which it asked. */
export class Journal {
  readonly mutations: Sent[] = [];
  /** Of every upload that was acknowledged. */
  readonly sha256s = new Set<string>();

  /** Notes the mutation in the body of a request; undefined for any other operation. */
  send(body: Buffer): Sent | undefined {
    const { query, variables } = JSON.parse(body.toString()) as {
      query: string;
      variables?: { input: Fields };
    };
    const document = parse(query);
    const [definition] = document.definitions;
    if (definition?.kind !== Kind.OPERATION_DEFINITION) return undefined;
    if (definition.operation !== OperationTypeNode.MUTATION) return undefined;
    const [selection] = definition.selectionSet.selections;
    if (selection?.kind !== Kind.FIELD) return undefined;
    const sent: Sent = {
      field: selection.name.value,
      input: variables?.input ?? {},
      document,
      outcome: 'unanswered',
      answer: {},
    };
    this.mutations.push(sent);
    return sent;
  }

  receive(sent: Sent, body: Buffer): void {
    const { data } = JSON.parse(body.toString()) as { data?: Readonly<Record<string, Fields>> | null };
    sent.answer = data?.[sent.field] ?? {};
    sent.outcome = String(sent.answer.__typename).endsWith('Success') ? 'acknowledged' : 'refused';
  }

  /** Those of these fields; of all where none is named. */
  acknowledged(...fields: readonly string[]): Sent[] {
    return this.mutations.filter(
      ({ field, outcome }) => outcome === 'acknowledged' && (fields.length === 0 || fields.includes(field)),
    );
  }

  /** Sent after `last` and never answered: these may have been done as well. */
  unansweredAfter(last: Sent, ...fields: readonly string[]): Sent[] {
    return this.mutations
      .slice(this.mutations.indexOf(last) + 1)
      .filter(({ field, outcome }) => outcome === 'unanswered' && fields.includes(field));
  }
}

/** What was asked of the field, to ask for the same again: `{ ref number }`. */
export function selectionOf({ document }: Sent, fieldName: string): string {
  const found: string[] = [];
  visit(document, {
    Field: ({ name, selectionSet }) => {
      if (name.value === fieldName && selectionSet) found.push(print(selectionSet));
    },
  });
  const [selection] = found;
  if (selection === undefined) throw new Error(`Nothing was asked of ${fieldName}.`);
  return selection;
}
