import type { Actor } from '../kernel/actor';
import type { Context, Loaders } from '../kernel/context.graphql';
import { newId } from '../kernel/ids';
import type { TensorInput } from '../kernel/tensors/tensor-input';
import type { PredictResult, PredictSuccess } from '../serving/serving';
import { createLoaders, type Services } from './resolvers';

const NONE: readonly Uint8Array[] = [];

/** The context of one operation. Loaders and id are made when first asked for: most predictions need neither. */
export class OperationContext implements Context {
  private made: Loaders | undefined;
  /** Answers of this call: nearly always none or one, and a list for a single one would cost more than the rest. */
  private answer: PredictSuccess | undefined;
  private moreAnswers: PredictSuccess[] | undefined;
  private answeredAt = 0;
  /** Values of questions, as bytes; absent where there are none, as is usual. */
  private asked: Uint8Array[] | undefined;
  /** Questions whose values somebody may still look at. */
  private open = 0;
  /** Apollo gives resolvers a copy of the context that it was given, fields and all: this one leads back. */
  private readonly original: OperationContext = this;

  constructor(
    readonly services: Services,
    readonly actor: Actor,
    private id?: string,
    readonly isAbandoned?: () => boolean,
    readonly header?: (name: string) => string | undefined,
    readonly receivedAt?: number,
  ) {}

  get requestId(): string {
    return (this.id ??= newId());
  }

  get loaders(): Loaders {
    return (this.made ??= createLoaders(this.services, this.actor));
  }

  predicting(inputs: readonly TensorInput[] | null | undefined): void {
    const { original } = this;
    original.open += 1;
    for (const { bytes } of inputs ?? []) if (bytes) (original.asked ??= []).push(bytes);
  }

  predicted(result: PredictResult): void {
    const { original } = this;
    // Stays open where its values may still be looked at, as it does where nothing came of it but an exception.
    if (result.ok && result.spent) original.open -= 1;
    if (result.ok) original.answered(result);
  }

  private answered(answer: PredictSuccess): void {
    this.answeredAt = performance.now();
    if (this.answer === undefined) this.answer = answer;
    else (this.moreAnswers ??= []).push(answer);
  }

  /** The answer is bytes: what was predicted in this call took since then to be encoded, each all of it. */
  sent(): void {
    if (this.answer === undefined) return;
    const encodeMs = performance.now() - this.answeredAt;
    this.services.serving.encoded(this.answer, 'graphql', encodeMs);
    if (this.moreAnswers !== undefined)
      for (const answer of this.moreAnswers) this.services.serving.encoded(answer, 'graphql', encodeMs);
  }

  /**
   * Values that this call has asked about, once its answer is bytes; none while any question is open, since questions
   * of one call may be about the same values, and the answer does not wait for them all where one of them has thrown.
   */
  spentBytes(): readonly Uint8Array[] {
    return this.open === 0 && this.asked !== undefined ? this.asked : NONE;
  }

  /** The same call with empty loaders: an event of a subscription must not see what an earlier one has cached. */
  refreshed(): OperationContext {
    return new OperationContext(this.services, this.actor, this.requestId);
  }
}
