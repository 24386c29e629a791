import type { Children } from './children';

/** What a benchmark may use. */
export interface Bench {
  readonly children: Children;
  /** Empty, and removed afterwards. */
  readonly folder: string;
  readonly profileFolder: string | null;
  /** Short rounds, to see that everything runs: the figures mean little. */
  readonly isQuick: boolean;
  /** Only the peer is measured, by a benchmark that has one which takes long; nothing is kept. */
  readonly isPeerOnly: boolean;
  readonly say: (line: string) => void;
}

/** One figure that is asked for. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  /** At least, or where `atMost` says so, at most. */
  readonly asked: number;
  readonly atMost?: boolean;
  readonly reached: number;
}

export interface Measured {
  readonly figures: readonly Figure[];
  /** How it was reached, for whoever reads the JSON: rounds, settings, what the load itself cost. */
  readonly details: object;
  /** Rows for the table below the figures: who, and what was seen of it. */
  readonly seen: readonly { readonly who: string; readonly what: string }[];
}

export type Benchmark = (bench: Bench) => Promise<Measured>;
