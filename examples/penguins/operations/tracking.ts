import type { Outcome } from '../outcome';
import type { Double } from './double';
import { operation } from './operation';

export interface Param {
  readonly key: string;
  readonly value: string;
}

export interface MetricPoint {
  readonly key: string;
  readonly step: number;
  readonly value: number;
}

/** Where the code came from. */
export interface Source {
  readonly commit: string;
  readonly dirty: boolean;
  readonly entryPoint: string;
}

export interface Run {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

interface StartRunInput {
  readonly experiment: string;
  readonly name: string;
  readonly params: readonly Param[];
  readonly datasets: readonly string[];
  readonly source?: Source;
}

type Logged = Outcome<'LogSuccess', { readonly run: Run }>;

export const CREATE_EXPERIMENT = operation<
  {
    readonly createExperiment: Outcome<
      'CreateExperimentSuccess',
      { readonly created: boolean; readonly experiment: { readonly name: string } }
    >;
  },
  { readonly input: { name: string; description: string } }
>(`
  mutation CreateExperiment($input: CreateExperimentInput!) {
    createExperiment(input: $input) {
      __typename
      ... on CreateExperimentSuccess { created experiment { name } }
      ... on UserError { code message }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);

export const RUNS_OF_EXPERIMENT = operation<
  {
    readonly runs: {
      readonly nodes: readonly { readonly id: string }[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  },
  { readonly experiment: string; readonly after: string | null }
>(`
  query RunsOfExperiment($experiment: String!, $after: String) {
    runs(experiments: [$experiment], first: 100, after: $after) {
      nodes { id }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const START_RUN = operation<
  { readonly startRun: Outcome<'StartRunSuccess', { readonly run: Run }> },
  { readonly input: StartRunInput }
>(`
  mutation StartRun($input: StartRunInput!) {
    startRun(input: $input) {
      __typename
      ... on StartRunSuccess { run { id name status } }
      ... on UserError { code message }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);

export const LOG_METRICS = operation<
  { readonly logMetrics: Logged },
  { readonly input: { runId: string; points: readonly MetricPoint[] } }
>(`
  mutation LogMetrics($input: LogMetricsInput!) {
    logMetrics(input: $input) {
      __typename
      ... on LogSuccess { run { id name status } }
      ... on UserError { code message }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);

export const LOG_ARTIFACT = operation<
  { readonly logArtifact: Logged },
  { readonly input: { runId: string; path: string; artifact: { sha256: string } } }
>(`
  mutation LogArtifact($input: LogArtifactInput!) {
    logArtifact(input: $input) {
      __typename
      ... on LogSuccess { run { id name status } }
      ... on UserError { code message }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);

export const FINISH_RUN = operation<
  { readonly finishRun: Logged },
  { readonly input: { runId: string; status: 'FINISHED' | 'FAILED' } }
>(`
  mutation FinishRun($input: FinishRunInput!) {
    finishRun(input: $input) {
      __typename
      ... on LogSuccess { run { id name status } }
      ... on UserError { code message }
      ... on InvalidInputError { issues { path expected actual } }
    }
  }
`);

interface MetricSeries {
  readonly key: string;
  readonly steps: readonly (number | string)[];
  readonly values: readonly Double[];
}

export type RunMetricsEvent =
  | {
      readonly __typename: 'RunMetricsSnapshot' | 'RunMetricsAppended';
      readonly series: readonly MetricSeries[];
    }
  | { readonly __typename: 'RunFinished'; readonly run: { readonly status: string } };

export const RUN_METRICS = operation<
  { readonly runMetrics: RunMetricsEvent },
  { readonly runId: string; readonly keys: readonly string[] }
>(`
  subscription RunMetrics($runId: ID!, $keys: [String!]) {
    runMetrics(runId: $runId, keys: $keys) {
      __typename
      ... on RunMetricsSnapshot { series { key steps values } }
      ... on RunMetricsAppended { series { key steps values } }
      ... on RunFinished { run { status } }
    }
  }
`);
