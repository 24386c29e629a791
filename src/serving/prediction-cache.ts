import { createHash } from 'node:crypto';
import Keyv from 'keyv';
import { BoundedMap } from '../kernel/bounded-map';
import type { Tensor } from '../kernel/tensor';
import type { ServedModel } from './served-model';

/** Answers kept in this process; the oldest goes first. */
const MAX_ENTRIES = 10_000;

/** Answers of the same question to the same version. Off where the time to live is 0. */
export class PredictionCache {
  private readonly answers: Keyv<readonly Tensor[]> | null;

  constructor(ttlMs: number) {
    // In memory nothing is serialised: the tensors are kept as they are, and nobody writes into an answer.
    const options = { ttl: ttlMs, serialize: undefined, deserialize: undefined };
    this.answers = ttlMs === 0 ? null : new Keyv({ store: new BoundedMap(MAX_ENTRIES), ...options });
  }

  /** Null where the cache is off. */
  keyOf(
    model: ServedModel,
    inputs: readonly Tensor[],
    outputs: readonly string[] | undefined,
  ): string | null {
    if (this.answers === null) return null;
    const hash = createHash('sha256').update(JSON.stringify([model.version.id, outputs ?? null]));
    for (const { name, datatype, shape, data } of inputs) {
      hash.update(JSON.stringify([name, datatype, shape]));
      hash.update(
        ArrayBuffer.isView(data)
          ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
          : JSON.stringify(data),
      );
    }
    return hash.digest('base64');
  }

  get(key: string | null): Promise<readonly Tensor[] | undefined> | undefined {
    return key === null ? undefined : this.answers?.get(key);
  }

  /** Copies the answer: a batch's memory is larger than one caller's rows. */
  async put(key: string | null, outputs: readonly Tensor[]): Promise<void> {
    if (key === null) return;
    await this.answers?.set(
      key,
      outputs.map((output) => ({ ...output, data: output.data.slice() })),
    );
  }
}
