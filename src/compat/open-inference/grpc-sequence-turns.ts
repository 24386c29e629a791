import { createHash } from 'node:crypto';
import type { Parameters } from '../../kernel/tensors/grpc-infer-tensor';

/**
 * Sequences of one stream that are remembered to be torn: eight times the questions that are on their way. Of more, the
 * oldest is forgotten, whose client has long heard of it.
 */
export const MAX_TORN = 1_024;

/** What of a request tells which sequence it belongs to. */
interface Asked {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly parameters: Parameters;
}

/** When it is a question's turn. */
export interface Turn {
  /** How long it has waited for those before it, in ms. */
  readonly waitedMs: number;
  /** Whether one before it has failed, and none has begun the sequence anew: the model would lack a step. */
  readonly isTorn: boolean;
}

/** Of a question that waits for nobody. */
export const AT_ONCE: Turn = { waitedMs: 0, isTorn: false };

/**
 * The questions of one sequence in one stream, one after the other: its client sends the next without waiting for an
 * answer, and a model that remembers must be asked in the order in which they came, and nothing after a gap.
 */
export class SequenceTurns {
  /** The last of each sequence that is on its way, which never rejects. As many as a stream has requests, at most. */
  private readonly last = new Map<string, Promise<unknown>>();
  private readonly torn = new Set<string>();

  /** Does the work at once, or when those that came before it in its sequence have been answered. */
  take<Answer extends { readonly ok: boolean }>(
    asked: Asked,
    work: (turn: Turn) => Promise<Answer>,
  ): Promise<Answer> {
    const key = keyOf(asked);
    if (key === null) return work(AT_ONCE);
    const cameAt = performance.now();
    const before = this.last.get(key);
    const begins = asked.parameters.sequence_start === true;
    const answer = before
      ? before.then(() => work(this.turn(key, begins, performance.now() - cameAt)))
      : work(this.turn(key, begins, 0));
    const settled: Promise<unknown> = answer
      .then(
        ({ ok }) => ok || this.tear(key),
        () => this.tear(key), // whoever asked is told
      )
      .then(() => this.last.get(key) === settled && this.last.delete(key));
    this.last.set(key, settled);
    return answer;
  }

  private turn(key: string, begins: boolean, waitedMs: number): Turn {
    if (begins) this.torn.delete(key);
    return { waitedMs, isTorn: this.torn.has(key) };
  }

  private tear(key: string): void {
    const [oldest] = this.torn;
    if (oldest !== undefined && this.torn.size >= MAX_TORN && !this.torn.has(key)) this.torn.delete(oldest);
    this.torn.add(key);
  }
}

/** Of one length, however long a name is that nobody has. Null: it belongs to no sequence. */
function keyOf({ modelName, modelVersion, parameters: { sequence_id: id } }: Asked): string | null {
  if (id === undefined || id === 0 || id === '') return null;
  const whole = JSON.stringify([modelName, modelVersion, typeof id, String(id)]);
  return createHash('sha256').update(whole).digest('base64');
}
