import type { Answer, ApiClient } from './api-client';

const RUN = `id name status startedAt endedAt experiment { name } parent { id } tags { key value }
  params { key value } source { commit dirty }`;
const ERRORS = `... on UserError { code message } ... on InvalidInputError { issues { path expected actual } }`;
const LOGGED = `... on LogSuccess { run { ${RUN} } } ... on RunNotActiveError { status }`;

/** The id of a run that was never made. */
export const UNKNOWN_RUN = Buffer.from('run:00000000-0000-7000-8000-000000000000').toString('base64url');

type Input = Record<string, unknown>;
type Member = Answer['data'];
export interface RunPage {
  readonly nodes: readonly { readonly id: string; readonly name: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** Tracking as a client sees it; every mutation answers the member of its result union. */
export class TrackingClient {
  constructor(private readonly server: ApiClient) {}

  createExperiment(input: Input): Promise<Member> {
    const success = `... on CreateExperimentSuccess { created experiment { id name description tags { key value } } }`;
    return this.mutate('createExperiment', 'CreateExperimentInput', success, input);
  }

  startRun(input: Input): Promise<Member> {
    return this.mutate('startRun', 'StartRunInput', `... on StartRunSuccess { run { ${RUN} } }`, input);
  }

  /** Starts a run that must start, and gives its id. */
  async newRun(input: Input = {}): Promise<string> {
    const { run } = (await this.startRun({ experiment: 'tests', ...input })) as { run: { id: string } };
    return run.id;
  }

  logMetrics(input: Input): Promise<Member> {
    return this.mutate('logMetrics', 'LogMetricsInput', LOGGED, input);
  }

  logParams(input: Input): Promise<Member> {
    return this.mutate('logParams', 'LogParamsInput', LOGGED, input);
  }

  logArtifact(input: Input): Promise<Member> {
    return this.mutate('logArtifact', 'LogArtifactInput', LOGGED, input);
  }

  finishRun(input: Input): Promise<Member> {
    return this.mutate('finishRun', 'FinishRunInput', LOGGED, input);
  }

  async history(id: string, keys: string[], maxPoints?: number): Promise<Member> {
    const { run } = await this.server.data(
      `query ($id: ID!, $keys: [String!]!, $maxPoints: Int) {
        run(id: $id) { metricHistory(keys: $keys, maxPoints: $maxPoints) { key steps values timestamps } }
      }`,
      { id, keys, maxPoints },
    );
    return run.metricHistory;
  }

  async summaries(id: string): Promise<Member> {
    const { run } = await this.server.data(
      'query ($id: ID!) { run(id: $id) { metrics { key last min max lastStep dataset { ref } } } }',
      { id },
    );
    return run.metrics;
  }

  async runs(variables: Input): Promise<RunPage> {
    const { runs } = await this.server.data(
      `query ($experiments: [String!], $filter: String, $orderBy: [String!], $first: Int, $after: String) {
        runs(experiments: $experiments, filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
          nodes { id name } pageInfo { hasNextPage endCursor }
        }
      }`,
      variables,
    );
    return runs as RunPage;
  }

  private async mutate(field: string, type: string, success: string, input: Input): Promise<Member> {
    const mutation = `mutation ($input: ${type}!) { ${field}(input: $input) { __typename ${success} ${ERRORS} } }`;
    return (await this.server.data(mutation, { input }))[field];
  }
}
