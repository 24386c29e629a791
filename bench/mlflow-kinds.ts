import type { TrackingTarget } from './mlflow-caller';
import { createRunP50, logBatches, logMetricP50 } from './mlflow-load';

export const FULL = {
  ...{ rounds: 3, durationMs: 1_500, calls: 300, repeats: 9 },
  ...{ runs: 100_000, points: 1_000_000, runsMs: 60_000, pointsMs: 30_000 },
};
export const QUICK = {
  ...{ rounds: 1, durationMs: 500, calls: 30, repeats: 3 },
  ...{ runs: 2_000, points: 50_000, runsMs: 10_000, pointsMs: 10_000 },
};
export type Settings = typeof FULL;

/** What is measured in rounds, one server after the other, and how much of it is asked for. */
export interface Kind {
  readonly what: string;
  readonly unit: 'points/s' | 'ms';
  /** Of the server over its embedded database; where it is not the same, over PostgreSQL. */
  readonly asked: number | null;
  readonly askedOnPostgres: number | null;
  measure(target: TrackingTarget, settings: Settings): Promise<number>;
}

const batchKind = (keys: 1 | 1000, connections: number): Kind => ({
  what: `MLflow's log-batch, 1,000 points of ${keys === 1 ? 'one key' : '1,000 keys'} a call, ${connections === 1 ? 'one connection' : `${connections} connections`}`,
  unit: 'points/s',
  asked: 100_000,
  askedOnPostgres: 150_000,
  measure: (target, { durationMs }) => logBatches(target, { keys, connections, durationMs }),
});

/**
 * Rounds of one call after the other come first: what floods leave to be done in the background is a load of its own.
 */
const SINGLE: readonly Kind[] = [
  {
    ...{ what: "MLflow's log-metric, one point a call, p50", unit: 'ms', asked: 1, askedOnPostgres: 1 },
    measure: logMetricP50,
  },
  {
    ...{ what: "MLflow's runs/create, p50", unit: 'ms', asked: null, askedOnPostgres: null },
    measure: createRunP50,
  },
];
const FLOODS: readonly Kind[] = [
  batchKind(1, 1),
  batchKind(1, 8),
  batchKind(1000, 1),
  batchKind(1000, 8),
  {
    what: "MLflow's log-metric, one point a call, p50, while all servers join what came before",
    ...{ unit: 'ms', asked: null, askedOnPostgres: null },
    measure: logMetricP50,
  },
];
/** All rounds of the first, then all of the others. */
export const PHASES = [SINGLE, FLOODS] as const;
export const KINDS: readonly Kind[] = PHASES.flat();
