import type { Readable } from 'node:stream';

/** What a program that calls us can tell apart. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** Done, and the answer is no: a limit that was asked for does not hold. */
  notHeld: 1,
  /** The command line is wrong. */
  usage: 2,
  /** It could not be done: no server, no credential, no such thing. */
  failed: 3,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line is wrong; the sentence says where. */
export class UsageError extends Error {}
/** It cannot be done; the sentence says why, and what to do. */
export class CommandFailed extends Error {}

/** Where a command reads and writes. */
export interface Terminal {
  /** What was asked for. */
  out(text: string): void;
  /** What is said beside it. */
  err(text: string): void;
  /** What is piped into it. */
  readonly input: Readable & { readonly isTTY?: boolean };
  /** Characters of a line. */
  readonly width: number;
  /** Whether a person looks at what `out` writes; a file or another program gets plain text. */
  readonly isPerson: boolean;
  /** Whether a person looks at what `err` writes: then it may be overwritten. */
  readonly showsProgress: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted where whoever started the command wants it to end. */
  readonly stop: AbortSignal;
}

export interface Command {
  /** As it is called: `bench`, or several words. */
  readonly name: string;
  readonly summary: string;
  readonly help: string;
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}
