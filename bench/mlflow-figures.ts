import type { Figure, Measured } from './benchmark';
import type { Child } from './children';
import type { TrackingTarget } from './mlflow-caller';
import { KINDS, type Kind, type Settings } from './mlflow-kinds';
import type { Filled } from './mlflow-reads';
import { figures, median } from './statistics';

const MEGABYTE = 1_000_000;
const ASKED = { coldChartMs: 50, warmChartMs: 5, readMs: 3_000, searchMs: 30, memoryMb: 400 };

/** Who is measured. */
export interface Contestant {
  readonly name: 'modelgraph' | 'modelgraph on PostgreSQL' | 'mlflow';
  readonly process: Child;
  readonly target: TrackingTarget;
  readonly filled: Filled;
}

export interface Reads {
  readonly coldChartMs: number;
  readonly warmChartMs: number;
  /** Of `readPoints`: all of them, or as many as there was time for. */
  readonly readMs: number;
  readonly readPoints: number;
  readonly searchMs: number;
}

/** What each round reached, by contestant and kind. */
export type Logged = Map<string, Map<Kind, number[]>>;

export function measuredOf(
  all: readonly Contestant[],
  version: string | null,
  logged: Logged,
  reads: ReadonlyMap<string, Reads>,
  settings: Settings,
): Measured {
  const of = (name: Contestant['name'], kind: Kind) => logged.get(name)?.get(kind) ?? [];
  const peak = new Map(all.map(({ name, process }) => [name, process.peakMemoryOfTreeBytes()]));
  const who = version === null ? null : `MLflow ${version}`;
  return {
    figures: [
      ...KINDS.flatMap((kind) => loggedFigures(kind, of, who)),
      ...readFigures(all, reads, who),
      ...memoryFigure(peak.get('modelgraph on PostgreSQL') ?? null),
    ],
    seen: all.flatMap(({ name }) => [
      ...KINDS.map((kind) => ({
        who: `mlflow: ${name}: ${kind.what}`,
        what: rangeOf(of(name, kind), kind.unit),
      })),
      ...readsOf(name, reads.get(name)),
      { who: `mlflow: ${name}: memory at its peak`, what: megabytes(peak.get(name) ?? null) },
    ]),
    details: {
      ...{ version, settings, reads: Object.fromEntries(reads), peakBytes: Object.fromEntries(peak) },
      filled: all.map(({ name, filled }) => ({ name, ...filled })),
      logged: all.map(({ name }) => ({
        name,
        kinds: KINDS.map((kind) => ({ what: kind.what, unit: kind.unit, rounds: of(name, kind) })),
      })),
    },
  };
}

const beside = (who: string | null, figure: string): string =>
  who === null ? ' (MLflow: peer not present)' : ` (${who}: ${figure})`;

type RoundsOf = (name: Contestant['name'], kind: Kind) => readonly number[];

function loggedFigures(kind: Kind, of: RoundsOf, who: string | null): Figure[] {
  const peer = beside(who, `${figures(median(of('mlflow', kind)))} ${kind.unit}`);
  return (['modelgraph', 'modelgraph on PostgreSQL'] as const).flatMap((name) => {
    const [values, isEmbedded] = [of(name, kind), name === 'modelgraph'];
    const asked = isEmbedded ? kind.asked : kind.askedOnPostgres;
    if (asked === null || values.length === 0) return [];
    const what = `${kind.what}, ${isEmbedded ? 'embedded database' : 'PostgreSQL'}${peer}`;
    return [{ what, unit: kind.unit, asked, atMost: kind.unit === 'ms', reached: median(values) }];
  });
}

/** Of the server over its embedded database; how much was there says each, since ours is filled for a time only. */
function readFigures(
  all: readonly Contestant[],
  reads: ReadonlyMap<string, Reads>,
  who: string | null,
): Figure[] {
  const [ours, theirs] = (['modelgraph', 'mlflow'] as const).map((name) => {
    const [filled, read] = [all.find((one) => one.name === name)?.filled, reads.get(name)];
    return filled && read ? { ...filled, ...read } : null;
  });
  if (!ours) return [];
  const figure = (what: string, key: keyof Reads, asked: number, size: 'points' | 'readPoints' | 'runs') => {
    const of = (one: typeof ours) =>
      `of ${one[size].toLocaleString('en-US')} ${size === 'runs' ? 'runs' : 'points'}`;
    const peer = beside(who, theirs ? `${figures(theirs[key])} ms ${of(theirs)}, asked once` : 'not read');
    return { what: `${what} ${of(ours)}${peer}`, unit: 'ms', asked, atMost: true, reached: ours[key] };
  };
  return [
    figure("MLflow's chart, cold,", 'coldChartMs', ASKED.coldChartMs, 'points'),
    figure("MLflow's chart, warm,", 'warmChartMs', ASKED.warmChartMs, 'points'),
    figure("MLflow's get-history, all", 'readMs', ASKED.readMs, 'readPoints'),
    figure("MLflow's runs/search, two predicates, sorted, 100", 'searchMs', ASKED.searchMs, 'runs'),
  ];
}

/** Of the one over PostgreSQL, since the embedded database is in the same process. */
const memoryFigure = (bytes: number | null): Figure[] =>
  bytes === null
    ? []
    : [
        {
          ...{
            what: 'memory of the server over PostgreSQL through all of it, at its peak',
            unit: 'MB',
          },
          ...{ asked: ASKED.memoryMb, atMost: true, reached: bytes / MEGABYTE },
        },
      ];

const readsOf = (name: string, reads: Reads | undefined) =>
  reads
    ? [
        {
          who: `mlflow: ${name}: reads`,
          what: `chart ${figures(reads.coldChartMs)} ms, then ${figures(reads.warmChartMs)} ms; search ${figures(reads.searchMs)} ms; ${figures(reads.readPoints)} points ${figures(reads.readMs)} ms`,
        },
      ]
    : [];

const rangeOf = (values: readonly number[], unit: string): string =>
  `${figures(median(values))} ${unit} (${figures(Math.min(...values))} to ${figures(Math.max(...values))})`;

const megabytes = (bytes: number | null): string =>
  bytes === null ? 'not known' : `${figures(bytes / MEGABYTE)} MB`;
