import type { ApiClient } from './api-client';
import { affineAnswer } from './onnx-models';
import { predict } from './serving-client';

/** Applications that ask the endpoint “scores” without a pause, through several servers, and know the right answers. */
export class ScoreCallers {
  right = 0;
  readonly wrong: string[] = [];
  /** Answers of the kinds that may be asked again. */
  readonly refused: string[] = [];
  /** Calls that no server answered: theirs was killed. */
  unanswered = 0;
  private readonly rightOf: number[];
  private isOver = false;
  private readonly waiting: { readonly until: number; readonly resolve: () => void }[] = [];
  private readonly callers: readonly Promise<void>[];

  constructor(servers: readonly ApiClient[], callersOfEach: number) {
    this.rightOf = new Array<number>(servers.length * callersOfEach).fill(0);
    this.callers = this.rightOf.map((_, caller) =>
      this.call(servers[caller % servers.length] as ApiClient, caller),
    );
  }

  /** Resolves after so many more right answers, or with a wrong one; tells how long that took, in ms. */
  async answers(count: number): Promise<number> {
    const startedAt = performance.now();
    const until = this.right + count;
    await new Promise<void>((resolve) => this.waiting.push({ until, resolve }));
    return performance.now() - startedAt;
  }

  /** Resolves when every caller has had two more right answers: so none of them waits for one that nobody answers. */
  async everybody(): Promise<void> {
    const before = [...this.rightOf];
    while (this.rightOf.some((right, caller) => right < (before[caller] ?? 0) + 2)) await this.answers(1);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.callers);
  }

  private async call(server: ApiClient, caller: number): Promise<void> {
    for (let call = 0; !this.isOver; call++) {
      const row = Array.from({ length: 30 }, (_, index) => ((caller * 7 + call + index) % 16) / 8);
      const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: row }];
      const answer = await predict(server, { endpoint: 'scores', inputs }).catch(() => null);
      if (answer === null) {
        this.unanswered++;
        return;
      }
      const { __typename, message, outputs } = answer;
      if (__typename !== 'PredictSuccess') this.refused.push(`${__typename}: ${message}`);
      else if (JSON.stringify(outputs[0]?.data) === JSON.stringify(affineAnswer(row))) this.gotRight(caller);
      else this.wrong.push(JSON.stringify({ row, outputs }));
      for (const { until, resolve } of this.waiting)
        if (this.right >= until || this.wrong.length > 0) resolve();
    }
  }

  private gotRight(caller: number): void {
    this.right++;
    this.rightOf[caller] = (this.rightOf[caller] ?? 0) + 1;
  }
}
