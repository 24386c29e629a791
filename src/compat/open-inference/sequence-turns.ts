import { createHash } from 'node:crypto';
import type { InvalidInput, Refusal } from '../../kernel/errors';
import type { Json } from './parameters';
import { crowdedSequence, tornSequence } from './sequence';

/**
 * Sequences that are remembered to be torn: eight times the questions that one stream may have on their way. Of more,
 * the oldest is forgotten, whose client has long heard of it.
 */
export const MAX_TORN = 1_024;
/** Questions of one sequence that are on their way, each with its values in memory: as many as a stream may have. */
export const MAX_IN_LINE = 128;

/** What of a request tells which sequence it belongs to. */
interface Asked {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly parameters: Json;
}

/** When it is a question's turn. */
export interface Turn {
  /** How long it has waited for those before it, in ms. */
  readonly waitedMs: number;
  /** Why it may not be asked: the model would lack a step, since one that came with it has failed; or too many wait. */
  readonly refusal: Refusal<InvalidInput> | null;
}

/** Of a question that waits for nobody. */
const AT_ONCE: Turn = { waitedMs: 0, refusal: null };

/** Questions of one sequence that are on their way. */
interface Line {
  /** Of the one that came last; never rejects. */
  last: Promise<unknown>;
  length: number;
}

/**
 * The questions of one sequence, one after the other in the order in which they came, and nothing after a gap: a model
 * that remembers must not be asked side by side. A stream's client sends the next without waiting for an answer, so that
 * its stream remembers what has failed. Who calls apart and asks again has heard of it: only those that wait meanwhile
 * are refused.
 */
export class SequenceTurns {
  private readonly lines = new Map<string, Line>();
  private readonly torn = new Set<string>();

  /** @param among whose turns they are */
  constructor(private readonly among: 'stream' | 'calls') {}

  /** Does the work at once, or when those that came before it in its sequence have been answered. */
  take<Answer extends { readonly ok: boolean }>(
    projectId: string,
    asked: Asked,
    work: (turn: Turn) => Promise<Answer>,
  ): Promise<Answer> {
    const key = keyOf(projectId, asked);
    return key === null ? work(AT_ONCE) : this.inLine(key, asked.parameters, work);
  }

  private inLine<Answer extends { readonly ok: boolean }>(
    key: string,
    parameters: Json,
    work: (turn: Turn) => Promise<Answer>,
  ): Promise<Answer> {
    const line = this.lines.get(key);
    if (line && line.length >= MAX_IN_LINE) {
      this.tear(key);
      return work({ waitedMs: 0, refusal: crowdedSequence(parameters, MAX_IN_LINE) });
    }
    const cameAt = performance.now();
    const answer = line
      ? line.last.then(() => work(this.turn(key, parameters, performance.now() - cameAt)))
      : work(this.turn(key, parameters, 0));
    const settled = answer
      .then(
        ({ ok }) => ok || this.tear(key),
        () => this.tear(key), // whoever asked is told
      )
      .then(() => this.leave(key));
    this.lines.set(key, { last: settled, length: (line?.length ?? 0) + 1 });
    return answer;
  }

  private turn(key: string, parameters: Json, waitedMs: number): Turn {
    if (parameters.sequence_start === true) this.torn.delete(key);
    return { waitedMs, refusal: this.torn.has(key) ? tornSequence(parameters, this.among) : null };
  }

  private leave(key: string): void {
    const line = this.lines.get(key);
    if (line && line.length > 1) {
      line.length -= 1;
      return;
    }
    this.lines.delete(key);
    if (this.among === 'calls') this.torn.delete(key);
  }

  private tear(key: string): void {
    const [oldest] = this.torn;
    if (oldest !== undefined && this.torn.size >= MAX_TORN && !this.torn.has(key)) this.torn.delete(oldest);
    this.torn.add(key);
  }
}

/** Of one length, however long a name is that nobody has. Null: it belongs to no sequence. */
function keyOf(
  projectId: string,
  { modelName, modelVersion, parameters: { sequence_id: id } }: Asked,
): string | null {
  const kind = typeof id;
  const text = String(id); // JSON has no big integers
  if (id === undefined || id === 0 || id === '') return null;
  const whole = JSON.stringify([projectId, modelName, modelVersion, kind, text]);
  return createHash('sha256').update(whole).digest('base64');
}
