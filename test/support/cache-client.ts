import type { ApiClient, Member } from './api-client';

interface CacheNumbers {
  readonly hits: number;
  readonly misses: number;
  readonly coalesced: number;
  readonly entries: number;
  readonly sizeBytes: number;
  readonly oldestAgeMs: number | null;
}
type Warmed = Member & {
  readonly computed: number;
  readonly alreadyThere: number;
  readonly refused: number;
  readonly reasons: readonly string[];
  readonly isComplete: boolean;
};
type Asked = Member & {
  readonly predictionId: string;
  readonly outputs: readonly { readonly data: readonly unknown[] }[];
  readonly version: { readonly number: string };
  readonly cached: boolean;
  readonly cacheAgeMs: number | null;
  readonly batchSize: number;
  readonly timing: { readonly queueMs: number; readonly computeMs: number; readonly totalMs: number };
};

const A_MINUTE_MS = 60_000;
const WIDTH = 30;

/** The row of a question that differs from all others by its first number. */
export const rowOf = (first: number): number[] => [first, ...new Array<number>(WIDTH - 1).fill(0.5)];
export const tensorOf = (first: number) => ({
  ...{ name: 'x', datatype: 'FP32', shape: [1, WIDTH] },
  data: rowOf(first),
});

/** An endpoint whose cache is on, as a client sees it. */
export class CachedEndpoint {
  constructor(
    private readonly server: ApiClient,
    readonly name: string,
  ) {}

  async deploy(refs: readonly string[], settings: object = {}): Promise<void> {
    const query = `mutation ($input: DeployEndpointInput!) { deployEndpoint(input: $input) {
      __typename ... on UserError { message } } }`;
    const variants = refs.map((ref) => ({ ref, weight: 1 }));
    const input = { name: this.name, variants, settings: { cacheTtlMs: A_MINUTE_MS, ...settings } };
    const { deployEndpoint } = await this.server.data<{ deployEndpoint: Member }>(query, { input });
    if (deployEndpoint.__typename !== 'DeployEndpointSuccess') throw new Error(deployEndpoint.message);
  }

  /** @param question a number, or a whole question */
  async ask(question: number | object): Promise<Asked> {
    const query = `mutation ($input: PredictInput!) { predict(input: $input) { __typename
      ... on PredictSuccess { predictionId outputs version { number } cached cacheAgeMs batchSize
        timing { queueMs computeMs totalMs } }
      ... on UserError { code message } } }`;
    const asked = typeof question === 'number' ? { inputs: [tensorOf(question)] } : question;
    const input = { endpoint: this.name, ...asked };
    return (await this.server.data<{ predict: Asked }>(query, { input })).predict;
  }

  async numbers(): Promise<CacheNumbers> {
    const query = `query ($name: String!) { endpoint(name: $name) { cache {
      hits misses coalesced entries sizeBytes oldestAgeMs } } }`;
    const { endpoint } = await this.server.data<{ endpoint: { cache: CacheNumbers } }>(query, {
      name: this.name,
    });
    return endpoint.cache;
  }

  async warm(what: object, caller: ApiClient = this.server): Promise<Warmed> {
    const query = `mutation ($input: WarmCacheInput!) { warmCache(input: $input) { __typename
      ... on WarmCacheSuccess { computed alreadyThere refused reasons isComplete }
      ... on InvalidInputError { issues { path expected actual } } ... on UserError { code message } } }`;
    const input = { endpoint: this.name, ...what };
    return (await caller.data<{ warmCache: Warmed }>(query, { input })).warmCache;
  }
}
