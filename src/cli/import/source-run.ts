import type { Readable } from 'node:stream';
import type { KeyValue, RunStatus } from '../../client/operations/runs';

/** A measured value, as a source has it. */
export interface SourcePoint {
  readonly key: string;
  readonly step: number | bigint;
  readonly value: number;
  readonly timestampMs: number;
  /** The logged model that was measured, by its id in the source. */
  readonly model?: MeasuredModel | undefined;
}
export interface MeasuredModel {
  readonly id: string;
  readonly datasetName: string | null;
  readonly datasetDigest: string | null;
}

export interface SourceFile {
  /** Relative, with slashes. */
  readonly path: string;
  /** Null where the source does not say. */
  readonly sizeBytes: number | null;
  /** From its first byte; may be asked for again. */
  open(): Promise<Readable>;
}

/** A dataset that a run has read, in MLflow's words. */
export interface SourceDataset {
  readonly tags: readonly KeyValue[];
  readonly dataset: {
    readonly name: string;
    readonly digest: string;
    readonly source_type: string;
    readonly source: string;
    readonly schema?: string | undefined;
    readonly profile?: string | undefined;
  };
}

/** A run of another program's, before it is read. */
export interface FoundRun {
  /** What makes it this run, wherever it is read from: the same on every start. Letters, digits and `:_.-`. */
  readonly key: string;
  /** How a person knows it. */
  readonly label: string;
  /** Changes when anything has come since: a run that has the same mark as before is not read again. */
  readonly mark: string;
  readonly isDeleted: boolean;
  /** Null where there is nothing of a run in it. */
  read(): Promise<SourceRun | null>;
}

/** A run as all sources tell of it. */
export interface SourceRun {
  /** What the source calls it. */
  readonly id: string;
  /** Logged models that it has read, by their ids in the source. */
  readonly inputModels: readonly string[];
  readonly experiment: string;
  readonly name: string | null;
  readonly startedAtMs: number;
  /** Null while it goes on. */
  readonly endedAtMs: number | null;
  readonly status: RunStatus;
  readonly userId: string | null;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly datasets: readonly SourceDataset[];
  /** The run that it is a part of: its key, and what the source calls it. */
  readonly parent: { readonly key: string; readonly id: string } | null;
  /** All of them. Those of one metric come in the same order each time, new ones last. */
  points(): AsyncIterable<readonly SourcePoint[]>;
  files(): AsyncIterable<SourceFile>;
}
