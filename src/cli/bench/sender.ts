import type { Outcome } from './measurement';

/** One request's body, made beforehand: making it must not be measured. */
export interface Question {
  /** HTTP's; a gRPC call has none of its own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends questions by one door, each as often as it is called, and tells what became of it. */
export interface Sender {
  /** Never rejects: what goes wrong is an outcome, too. */
  send(question: Question): Promise<Outcome>;
  close(): void;
}
