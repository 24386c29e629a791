import type { JsonDouble, JsonInteger } from '../exact-numbers';
import { operation } from './operation';

export type RunStatus = 'SCHEDULED' | 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** Where the code came from. */
export interface Source {
  readonly repository?: string;
  readonly commit?: string;
  readonly dirty?: boolean;
  readonly entryPoint?: string;
}

export interface StartRunInput {
  readonly experiment: string;
  readonly name?: string | undefined;
  readonly params?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
  readonly datasets?: readonly string[] | undefined;
  readonly parentRunId?: string | undefined;
  readonly source?: Source | undefined;
  readonly idempotencyKey: string;
}

export interface MetricPointInput {
  readonly key: string;
  readonly step: JsonInteger;
  readonly value: JsonDouble;
  /** ISO 8601. */
  readonly timestamp: string;
}

export interface StoredRun {
  readonly id: string;
  readonly name: string;
  readonly status: RunStatus;
}

/** A member of a result union: the success with a run, or a refusal. */
export type RunResult =
  | { readonly __typename: 'LogSuccess' | 'StartRunSuccess' | 'DescribeRunSuccess'; readonly run: StoredRun }
  | {
      readonly __typename: `${string}Error`;
      readonly code: string;
      readonly message: string;
      /** Where the run stands, of one that has ended. */
      readonly status?: RunStatus;
    };

export const START_RUN = operation<
  { readonly result: RunResult },
  { readonly input: StartRunInput }
>(`mutation StartRun($input: StartRunInput!) {
  result: startRun(input: $input) {
    __typename ... on StartRunSuccess { run { id name status } } ... on UserError { code message }
  }
}`);

export const LOG_METRICS = operation<
  { readonly result: RunResult },
  {
    readonly input: {
      readonly runId: string;
      readonly points: readonly MetricPointInput[];
      readonly idempotencyKey: string;
    };
  }
>(`mutation LogMetrics($input: LogMetricsInput!) {
  result: logMetrics(input: $input) {
    __typename ... on LogSuccess { run { id name status } } ... on UserError { code message }
  }
}`);

export const LOG_PARAMS = operation<
  { readonly result: RunResult },
  { readonly input: { readonly runId: string; readonly params: readonly KeyValue[] } }
>(`mutation LogParams($input: LogParamsInput!) {
  result: logParams(input: $input) {
    __typename ... on LogSuccess { run { id name status } } ... on UserError { code message }
  }
}`);

export const LOG_ARTIFACT = operation<
  { readonly result: RunResult },
  {
    readonly input: {
      readonly runId: string;
      readonly path: string;
      readonly artifact: { readonly sha256: string };
    };
  }
>(`mutation LogArtifact($input: LogArtifactInput!) {
  result: logArtifact(input: $input) {
    __typename ... on LogSuccess { run { id name status } } ... on UserError { code message }
  }
}`);

export const FINISH_RUN = operation<
  { readonly result: RunResult },
  { readonly input: { readonly runId: string; readonly status: RunStatus } }
>(`mutation FinishRun($input: FinishRunInput!) {
  result: finishRun(input: $input) {
    __typename ... on LogSuccess { run { id name status } }
    ... on RunNotActiveError { status } ... on UserError { code message }
  }
}`);

/** Whether there is such a run, and where it stands. */
export const RUN = operation<{ readonly run: StoredRun | null }, { readonly id: string }>(
  `query Run($id: ID!) { run(id: $id) { id name status } }`,
);
