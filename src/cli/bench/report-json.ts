import type { AskedModel } from '../asking/asked-model';
import type { DoorName } from './bench-plan';
import { latenciesOf } from './latencies';
import type { MeasuredStage } from './report';
import type { Verdict } from './verdict';

interface Measured {
  readonly url: string;
  readonly model: AskedModel;
  readonly door: DoorName;
  readonly batch: number;
  readonly stages: readonly MeasuredStage[];
  readonly clientCpuShare: number;
  readonly verdict: Verdict;
}

/** For programs: one object, the same figures; times in ms. */
export function reportJson(measured: Measured): string {
  const { url, model, door, batch, stages, clientCpuShare, verdict } = measured;
  const report = {
    ...{ url, asked: model.name, version: model.version.ref, door, rowsPerRequest: batch },
    stages: stages.map(({ load, measurement }) => ({
      load,
      elapsedMs: Math.round(measurement.elapsedMs),
      answered: measurement.answered,
      answeredPerSecond: Math.round(measurement.answeredPerSecond * 10) / 10,
      latencyMs: latenciesOf(measurement.latencies),
      sentLateMs: load.kind === 'open' ? latenciesOf(measurement.delays) : null,
      failed: measurement.failed,
      errors: Object.fromEntries(measurement.errors),
    })),
    clientCpuShare: Math.round(clientCpuShare * 100) / 100,
    ...verdict,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
