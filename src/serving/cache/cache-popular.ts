import { hash } from 'node:crypto';
import type { Tensor } from '../../kernel/tensors/tensor';
import { decodeTensors, encodeTensors } from './cache-codec';
import { valueBytes } from './cache-memory';
import type { Question } from '../predictions/question';

/** A question that came again since the last look. */
export interface PopularQuestion {
  /** The same for the same question, whichever version was asked. */
  readonly hash: Buffer;
  /** Times that it was answered without the model; at most a few too few, where many others were asked. */
  readonly hits: number;
  /** What `decodeQuestion` reads. */
  readonly bytes: Buffer;
}

type Asked = Pick<Question, 'inputs' | 'outputs'>;

/** Questions of one endpoint that are counted at once: whatever has more than 1 of 500 hits is among them. */
const MAX_QUESTIONS = 500;
/** Memory for them, in bytes. */
const MAX_BYTES = 4 * 1024 ** 2;
/** Largest question that is counted, in bytes: a few must not push out all others. */
const MAX_QUESTION_BYTES = 256 * 1024;
const ENCODED_AS = 'question';

/**
 * Counts the questions that come again, in bounded memory. Where it is full, a new one is not counted and each one
 * known loses a hit, so that what is asked often stays and what is asked once goes.
 *
 * J. Misra, D. Gries: Finding repeated elements. Science of Computer Programming 2 (1982), 143–152.
 */
export class PopularQuestions {
  private readonly counts = new Map<string, { hits: number; readonly bytes: Buffer }>();
  private bytes = 0;

  get size(): number {
    return this.counts.size;
  }

  /** On the predict path: for a known question, one look-up. */
  note(key: string, asked: Asked): void {
    const known = this.counts.get(key);
    if (known) known.hits += 1;
    else if (this.counts.size >= MAX_QUESTIONS || this.bytes >= MAX_BYTES) this.oneLess();
    else this.add(key, asked);
  }

  /** What was counted, each question once; the next count begins at nothing. */
  take(): readonly PopularQuestion[] {
    const taken = new Map<string, PopularQuestion>();
    for (const { hits, bytes } of this.counts.values()) {
      const digest = sha256(bytes);
      const place = digest.toString('latin1');
      // The keys are those of answers: versions side by side have one each for the same question.
      taken.set(place, { hash: digest, hits: hits + (taken.get(place)?.hits ?? 0), bytes });
    }
    this.counts.clear();
    this.bytes = 0;
    return [...taken.values()];
  }

  private add(key: string, { inputs, outputs }: Asked): void {
    if (sizeOf(inputs) > MAX_QUESTION_BYTES) return;
    const bytes = encodeTensors(ENCODED_AS, outputs ?? null, inputs);
    this.counts.set(key, { hits: 1, bytes });
    this.bytes += bytes.byteLength;
  }

  private oneLess(): void {
    for (const [key, counted] of this.counts) {
      counted.hits -= 1;
      if (counted.hits > 0) continue;
      this.counts.delete(key);
      this.bytes -= counted.bytes.byteLength;
    }
  }
}

/** A question as it was asked once; null where the bytes are of another release. */
export function decodeQuestion(bytes: Buffer): Asked | null {
  const decoded = decodeTensors(ENCODED_AS, bytes);
  if (!decoded) return null;
  const outputs = decoded.about as readonly string[] | null; // the check has shown that it is what we wrote
  return { inputs: decoded.tensors, outputs: outputs ?? undefined };
}

const sha256 = (bytes: Buffer): Buffer => hash('sha256', bytes, 'buffer');

const sizeOf = (inputs: readonly Tensor[]): number =>
  inputs.reduce((sum, { data }) => sum + valueBytes(data), 0);
