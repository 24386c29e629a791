import type { ApiClient } from './api-client';

export const POINTS_PER_CALL = 50;

/** Logs without pause until a call fails; knows how many points were acknowledged. */
export class MetricWriter {
  /** Resolves to the points that were acknowledged, once a call has failed. */
  readonly ended: Promise<number>;
  private wake = () => {};

  constructor(
    private readonly server: ApiClient,
    private readonly runId: string,
    private acknowledged = 0,
    private readonly key = 'loss',
  ) {
    this.ended = this.write();
  }

  async reached(count: number): Promise<void> {
    while (this.acknowledged < count) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  private async write(): Promise<number> {
    for (;;) {
      const points = Array.from({ length: POINTS_PER_CALL }, (_, index) => ({
        key: this.key,
        step: this.acknowledged + index,
        value: 0.5,
      }));
      const query = 'mutation ($input: LogMetricsInput!) { logMetrics(input: $input) { __typename } }';
      try {
        await this.server.data(query, { input: { runId: this.runId, points } });
      } catch {
        return this.acknowledged;
      }
      this.acknowledged += POINTS_PER_CALL;
      this.wake();
    }
  }
}

/** Steps of one answer: fewer than the most points of one, so that a doubled point is not sampled away. */
const STEPS_PER_ANSWER = 5_000;

/** The steps that a server has of such a run, each as often as it has it. */
export async function stepsOf(server: ApiClient, runId: string, key = 'loss'): Promise<number[]> {
  const query = `query ($id: ID!, $keys: [String!]!, $from: BigInt, $to: BigInt) {
    run(id: $id) { metricHistory(keys: $keys, maxPoints: 10000, fromStep: $from, toStep: $to) { steps } }
  }`;
  type Found = { run: { metricHistory: { steps: (number | string)[] }[] } };
  const all: number[] = [];
  for (let from = 0; ; from += STEPS_PER_ANSWER) {
    const part = { id: runId, keys: [key], from, to: from + STEPS_PER_ANSWER - 1 };
    const { run } = await server.data<Found>(query, part);
    const steps = (run.metricHistory[0]?.steps ?? []).map(Number);
    if (steps.length === 0) return all;
    all.push(...steps);
  }
}
