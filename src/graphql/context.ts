import type { Actor } from '../kernel/actor';
import type { Context, Loaders } from '../kernel/context.graphql';
import { newId } from '../kernel/ids';
import type { PredictSuccess } from '../serving/serving';
import { createLoaders, type Services } from './resolvers';

/** The context of one operation. Loaders and id are made when first asked for: most predictions need neither. */
export class OperationContext implements Context {
  private made: Loaders | undefined;
  /** Answers of this call: nearly always none or one, and a list for a single one would cost more than the rest. */
  private answer: PredictSuccess | undefined;
  private moreAnswers: PredictSuccess[] | undefined;
  private answeredAt = 0;
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

  predicted(answer: PredictSuccess): void {
    const { original } = this;
    original.answeredAt = performance.now();
    if (original.answer === undefined) original.answer = answer;
    else (original.moreAnswers ??= []).push(answer);
  }

  /** The answer is bytes: what was predicted in this call took since then to be encoded, each all of it. */
  sent(): void {
    if (this.answer === undefined) return;
    const encodeMs = performance.now() - this.answeredAt;
    this.services.serving.encoded(this.answer, 'graphql', encodeMs);
    if (this.moreAnswers !== undefined)
      for (const answer of this.moreAnswers) this.services.serving.encoded(answer, 'graphql', encodeMs);
  }

  /** The same call with empty loaders: an event of a subscription must not see what an earlier one has cached. */
  refreshed(): OperationContext {
    return new OperationContext(this.services, this.actor, this.requestId);
  }
}
