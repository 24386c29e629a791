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
  ) {
    this.ended = this.write();
  }

  async reached(count: number): Promise<void> {
    while (this.acknowledged < count) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  private async write(): Promise<number> {
    for (;;) {
      const points = Array.from({ length: POINTS_PER_CALL }, (_, index) => ({
        key: 'loss',
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

/** The steps that a server has of such a run. */
export async function stepsOf(server: ApiClient, runId: string): Promise<number[]> {
  const query =
    'query ($id: ID!) { run(id: $id) { metricHistory(keys: ["loss"], maxPoints: 10000) { steps } } }';
  type Found = { run: { metricHistory: { steps: (number | string)[] }[] } };
  const { run } = await server.data<Found>(query, { id: runId });
  return (run.metricHistory[0]?.steps ?? []).map(Number);
}
