import { dataOf, type GraphQLAnswer } from './answer';

/** What a subscription sends, to be read by `for await`. Leaving the loop ends it on the server too. */
export class Subscription<Data> implements AsyncIterableIterator<Data> {
  private deadline: NodeJS.Timeout | undefined;

  constructor(private readonly answers: AsyncIterator<GraphQLAnswer<Data>>) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Data>> {
    const answer = await this.answers.next();
    return answer.done ? { done: true, value: undefined } : { done: false, value: dataOf(answer.value) };
  }

  /** Ends it, and with it the loop that may be waiting for an event at this moment. */
  async return(): Promise<IteratorResult<Data>> {
    clearTimeout(this.deadline);
    await this.answers.return?.();
    return { done: true, value: undefined };
  }

  /** Ends it by itself if nobody else does within this time. */
  endWithin(ms: number): void {
    this.deadline = setTimeout(() => void this.return(), ms).unref();
  }
}
