/// <reference types="jest" />

/**
 * Matchers stand for a value that is not known: typed so, they fit into any expectation, and nowhere else. What is
 * declared last is taken first, hence the reference.
 */
declare namespace jest {
  interface Expect {
    any(type: unknown): unknown;
    anything(): unknown;
    arrayContaining(items: readonly unknown[]): unknown;
    closeTo(value: number, digits?: number): unknown;
    objectContaining(fields: object): unknown;
    stringContaining(text: string): unknown;
    stringMatching(pattern: string | RegExp): unknown;
  }
}
