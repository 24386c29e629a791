import type { ApiClient, Member } from './api-client';

const RUN = `id name status startedAt endedAt experiment { name } parent { id } tags { key value }
  params { key value } source { commit dirty }`;
const ERRORS = `... on UserError { code message } ... on InvalidInputError { issues { path expected actual } }`;
const LOGGED = `... on LogSuccess { run { ${RUN} } } ... on RunNotActiveError { status }`;

/** The id of a run that was never made. */
export const UNKNOWN_RUN = Buffer.from('run:00000000-0000-7000-8000-000000000000').toString('base64url');

type Input = Record<string, unknown>;
interface Run {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}
type Created = Member & { readonly created: boolean; readonly experiment: { readonly id: string } };
type Logged = Member & { readonly run: Run };
/** Numbers as JSON holds them: what it cannot write is text. */
type JsonNumber = number | string;
interface Series {
  readonly key: string;
  readonly steps: readonly JsonNumber[];
  readonly values: readonly JsonNumber[];
  readonly timestamps: readonly string[];
}
export interface RunPage {
  readonly nodes: readonly { readonly id: string; readonly name: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Tracking as a client sees it; every mutation answers the member of its result union. */
export class TrackingClient {
  constructor(private readonly server: ApiClient) {}

  createExperiment(input: Input): Promise<Created> {
    const success = `... on CreateExperimentSuccess { created experiment { id name description tags { key value } } }`;
    return this.mutate('createExperiment', 'CreateExperimentInput', success, input);
  }

  startRun(input: Input): Promise<Logged> {
    return this.mutate('startRun', 'StartRunInput', `... on StartRunSuccess { run { ${RUN} } }`, input);
  }

  /** Starts a run that must start, and gives its id. */
  async newRun(input: Input = {}): Promise<string> {
    const { run } = await this.startRun({ experiment: 'tests', ...input });
    return run.id;
  }

  logMetrics(input: Input): Promise<Logged> {
    return this.mutate('logMetrics', 'LogMetricsInput', LOGGED, input);
  }

  logParams(input: Input): Promise<Logged> {
    return this.mutate('logParams', 'LogParamsInput', LOGGED, input);
  }

  logArtifact(input: Input): Promise<Logged> {
    return this.mutate('logArtifact', 'LogArtifactInput', LOGGED, input);
  }

  finishRun(input: Input): Promise<Logged> {
    return this.mutate('finishRun', 'FinishRunInput', LOGGED, input);
  }

  /** @param part which of its points: `fromStep`, `toStep`, `dataset` */
  async history(
    id: string,
    keys: string[],
    maxPoints?: number,
    part: Input = {},
  ): Promise<readonly Series[]> {
    const { run } = await this.server.data<{ run: { metricHistory: Series[] } }>(
      `query ($id: ID!, $keys: [String!]!, $maxPoints: Int, $fromStep: BigInt, $toStep: BigInt, $dataset: String) {
        run(id: $id) {
          metricHistory(keys: $keys, maxPoints: $maxPoints, fromStep: $fromStep, toStep: $toStep, dataset: $dataset) {
            key steps values timestamps
          }
        }
      }`,
      { id, keys, maxPoints, ...part },
    );
    return run.metricHistory;
  }

  async summaries(id: string): Promise<readonly object[]> {
    const { run } = await this.server.data<{ run: { metrics: object[] } }>(
      'query ($id: ID!) { run(id: $id) { metrics { key last min max lastStep dataset { ref } } } }',
      { id },
    );
    return run.metrics;
  }

  /** What is known beyond the ends of its series. */
  async facts(id: string): Promise<readonly object[]> {
    const { run } = await this.server.data<{ run: { metrics: object[] } }>(
      'query ($id: ID!) { run(id: $id) { metrics { min minStep max maxStep mean count dataset { ref } } } }',
      { id },
    );
    return run.metrics;
  }

  async runs(variables: Input): Promise<RunPage> {
    const { runs } = await this.server.data<{ runs: RunPage }>(
      `query ($experiments: [String!], $filter: String, $orderBy: [String!], $first: Int, $after: String) {
        runs(experiments: $experiments, filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
          nodes { id name } pageInfo { hasNextPage endCursor }
        }
      }`,
      variables,
    );
    return runs;
  }

  private async mutate<Result extends Member>(
    field: string,
    type: string,
    success: string,
    input: Input,
  ): Promise<Result> {
    const mutation = `mutation ($input: ${type}!) { result: ${field}(input: $input) { __typename ${success} ${ERRORS} } }`;
    return (await this.server.data<{ result: Result }>(mutation, { input })).result;
  }
}
