import type { Parameters } from '../../kernel/tensors/grpc-infer-tensor';

/** What of a request tells which sequence it belongs to. */
interface Asked {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly parameters: Parameters;
}

/**
 * The questions of one sequence in one stream, one after the other: its client sends the next without waiting for an
 * answer, and a model that remembers must be asked in the order in which they came.
 */
export class SequenceTurns {
  /** The last of each sequence that is on its way, which never rejects. As many as a stream has requests, at most. */
  private readonly last = new Map<string, Promise<unknown>>();

  /** Does the work at once, or when those that came before it in its sequence have been answered. */
  take<Answer>({ modelName, modelVersion, parameters }: Asked, work: () => Promise<Answer>): Promise<Answer> {
    const id = parameters.sequence_id;
    if (id === undefined || id === 0 || id === '') return work();
    const key = JSON.stringify([modelName, modelVersion, typeof id, String(id)]);
    const before = this.last.get(key);
    const answer = before ? before.then(work) : work();
    const settled: Promise<unknown> = answer
      .catch(() => undefined) // whoever asked is told
      .then(() => this.last.get(key) === settled && this.last.delete(key));
    this.last.set(key, settled);
    return answer;
  }
}
