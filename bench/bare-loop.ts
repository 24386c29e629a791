import { join } from 'node:path';
import type { LoopOrder, LoopReport } from './bare-session';
import type { Bench } from './benchmark';
import { median } from './statistics';

/** Processes that run a session in a loop, as many at a time as our server has workers. */
export class BareLoop {
  private readonly children;

  constructor(bench: Bench, count: number) {
    this.children = Array.from({ length: count }, () =>
      bench.children.start({
        file: join(__dirname, 'bare-session.js'),
        environment: { PATH: process.env.PATH },
      }),
    );
  }

  /** Runs a second of all together, and the median of their medians. */
  async run(order: LoopOrder): Promise<LoopReport> {
    const reports = await Promise.all(
      this.children.map((child) => {
        const report = child.hear<LoopReport>((entry) => typeof entry.runsPerSecond === 'number');
        child.tell(order);
        return report;
      }),
    );
    return {
      runsPerSecond: reports.reduce((sum, { runsPerSecond }) => sum + runsPerSecond, 0),
      p50Ms: median(reports.map(({ p50Ms }) => p50Ms)),
    };
  }
}
