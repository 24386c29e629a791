import type { Terminal } from '../command';
import { arrivals } from './arrivals';
import { loadText, type Stage } from './bench-plan';
import { runClosedLoop } from './closed-loop';
import { Measurement, type Outcome } from './measurement';
import { runOpenLoop } from './open-loop';
import type { MeasuredStage } from './report';

interface Run {
  readonly stages: readonly Stage[];
  readonly warmupMs: number;
  readonly maxInFlight: number;
  /** Sends the next question; never rejects. */
  readonly send: () => Promise<Outcome>;
  readonly terminal: Terminal;
}

/** All loads in turn, after some time of the first one that counts for nothing. */
export async function runStages(run: Run): Promise<readonly MeasuredStage[]> {
  const { stages, warmupMs, terminal } = run;
  const [first] = stages;
  if (first && warmupMs > 0) {
    say(terminal, 'warming up …');
    await runStage(run, { ...first, durationMs: warmupMs });
  }
  const measured: MeasuredStage[] = [];
  for (const stage of stages) {
    if (terminal.stop.aborted) break;
    say(terminal, `${loadText(stage.load)} for ${stage.durationMs / 1000} s …`);
    measured.push({ load: stage.load, measurement: await runStage(run, stage) });
  }
  say(terminal, '');
  return measured;
}

async function runStage(run: Run, { load, durationMs }: Stage): Promise<Measurement> {
  const measurement = new Measurement();
  const { send, maxInFlight, terminal } = run;
  const common = { durationMs, send, measurement, stop: terminal.stop };
  if (load.kind === 'closed') await runClosedLoop({ ...common, callers: load.callers });
  else {
    const plan = arrivals(load.fromPerSecond, load.toPerSecond, durationMs);
    await runOpenLoop({ ...common, arrivals: plan, maxInFlight });
  }
  return measurement;
}

/** One line, over the one before; nothing where nobody looks. */
function say(terminal: Terminal, text: string): void {
  if (terminal.showsProgress) terminal.err(`\r\u001b[2K${text}`);
}
