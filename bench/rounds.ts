import { join } from 'node:path';
import type { Bench, Figure } from './benchmark';
import type { Child } from './children';
import type { LoadOrder, LoadReport } from './load';
import { figures, median } from './statistics';
import type { TargetName } from './targets';

/** Who answers: one process, or several that answer the same and share the load equally. */
export interface Server {
  readonly processes: readonly Child[];
  readonly urls: readonly string[];
  readonly key: string | null;
}
/** A target whose peer is not present has none. */
export type Servers = Readonly<Partial<Record<TargetName, Server>>>;

export interface Seen extends LoadReport {
  /** CPU time of the servers and their children for each request, in µs; null where that cannot be known. */
  readonly serverCpuPerRequest: number | null;
}
export type Round = Readonly<Partial<Record<TargetName, Seen>>>;

/** What is asked of the ratio of two targets' requests/s, in the same round. */
export interface Asked {
  readonly what: string;
  readonly target: TargetName;
  readonly peer: TargetName;
  readonly ratio: number;
}

export interface Turns {
  readonly targets: readonly TargetName[];
  readonly concurrency: number;
  readonly rounds: number;
  readonly roundMs: number;
}

/** Load from a process of its own, on one target after the other. */
export class Rounds {
  private readonly load: Child;

  constructor(
    private readonly bench: Bench,
    private readonly servers: Servers,
  ) {
    this.load = bench.children.start({
      file: join(__dirname, 'load.js'),
      environment: { PATH: process.env.PATH },
    });
  }

  /** Those that are there. */
  present(targets: readonly TargetName[]): readonly TargetName[] {
    return targets.filter((name) => this.servers[name]);
  }

  async ask(target: TargetName, concurrency: number, durationMs: number): Promise<Seen> {
    const server = this.servers[target];
    if (!server) throw new Error(`${target} does not run.`);
    const { urls, key, processes } = server;
    const before = cpuOf(processes);
    const report = await runLoad(this.load, { target, urls, key, concurrency, durationMs });
    const after = cpuOf(processes);
    const isKnown = before !== null && after !== null;
    return { ...report, serverCpuPerRequest: isKnown ? (after - before) / report.requests : null };
  }

  /** All in turn, again and again, so that a busy moment of the machine meets everybody. */
  async inTurn({ targets, concurrency, rounds, roundMs }: Turns): Promise<readonly Round[]> {
    const measured: Round[] = [];
    for (let number = 1; number <= rounds; number += 1) {
      const round: Partial<Record<TargetName, Seen>> = {};
      for (const target of targets) {
        const seen = await this.ask(target, concurrency, roundMs);
        round[target] = seen;
        this.bench.say(`  ${number}. ${target} × ${concurrency}: ${line(seen)}`);
      }
      measured.push(round);
    }
    return measured;
  }
}

export const serverOf = (process: Child, url: string, key: string | null = null): Server => ({
  processes: [process],
  urls: [url],
  key,
});

/** None where the peer is not present. */
export function ratioFigure({ what, target, peer, ratio }: Asked, rounds: readonly Round[]): Figure[] {
  const ratios = rounds.flatMap((round) => {
    const [one, other] = [round[target], round[peer]];
    return one && other ? [one.requestsPerSecond / other.requestsPerSecond] : [];
  });
  return ratios.length > 0 ? [{ what, unit: '× its requests/s', asked: ratio, reached: median(ratios) }] : [];
}

/** Whether the callers' p99 is no worse than the peer's; none where the peer is not present. */
export function p99Figure({ what, target, peer }: Asked, rounds: readonly Round[]): Figure[] {
  const ratios = rounds.flatMap((round) => {
    const [one, other] = [round[target], round[peer]];
    return one && other ? [one.p99Ms / other.p99Ms] : [];
  });
  if (ratios.length === 0) return [];
  return [{ what, unit: '× its p99', asked: 1, atMost: true, reached: median(ratios) }];
}

/**
 * A row of the table of what was seen.
 *
 * @param absent what it says where nothing was
 */
export function seenOf(
  who: string,
  target: TargetName,
  rounds: readonly Round[],
  absent = 'peer not present',
) {
  const reports = rounds.flatMap((round) => round[target] ?? []);
  const of = (key: 'requestsPerSecond' | 'p50Ms' | 'p99Ms' | 'ownCpuShare') =>
    median(reports.map((report) => report[key]));
  const cpu = median(reports.map(({ serverCpuPerRequest }) => serverCpuPerRequest ?? NaN));
  const what = [
    `${figures(of('requestsPerSecond'))} requests/s`,
    `p50 ${figures(of('p50Ms'))} ms`,
    `p99 ${figures(of('p99Ms'))} ms`,
    ...(Number.isNaN(cpu) ? [] : [`${figures(cpu)} µs of CPU a request`]),
    `the load used ${Math.round(100 * of('ownCpuShare'))} % of a core`,
  ].join(', ');
  return { who, what: reports.length > 0 ? what : absent };
}

function runLoad(load: Child, order: LoadOrder): Promise<LoadReport> {
  const report = load.hear<LoadReport>((entry) => typeof entry.requestsPerSecond === 'number');
  load.tell(order);
  return report.then((seen) => {
    const isUnchecked = order.target !== 'trivial' && seen.checkedAnswers === 0;
    if (isUnchecked) throw new Error(`No answer of ${order.target} was compared with the model's output.`);
    return seen;
  });
}

function cpuOf(processes: readonly Child[]): number | null {
  let total = 0;
  for (const process of processes) {
    const microseconds = process.cpuMicroseconds();
    if (microseconds === null) return null;
    total += microseconds;
  }
  return total;
}

const line = ({ requestsPerSecond, p50Ms, p99Ms, serverCpuPerRequest }: Seen) =>
  `${figures(requestsPerSecond)}/s p50 ${figures(p50Ms)} p99 ${figures(p99Ms)} ms cpu ${figures(serverCpuPerRequest ?? NaN)} µs`;
