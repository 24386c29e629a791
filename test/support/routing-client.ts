import type { ApiClient, Member } from './api-client';

export interface Health {
  readonly state: string;
  readonly reason: string | null;
  readonly since: string;
}
export interface RoutedEndpoint {
  readonly revision: number;
  readonly rules: readonly object[];
  readonly strategy: { readonly kind: string; readonly epsilon: number | null };
  readonly variants: readonly { readonly name: string; readonly health: Health | null }[];
}
type Deployed = Member & { readonly endpoint: RoutedEndpoint };
type Recorded = Member & {
  readonly created: boolean;
  readonly reward: number;
  readonly feedback: { readonly variant: string; readonly reward: number; readonly truth: unknown };
};

const ROUTED = `revision rules { header field equals variant } strategy { kind epsilon }
  variants { name health { state reason since } }`;
const REFUSED =
  '... on UserError { code message } ... on InvalidInputError { issues { path expected actual } }';
const FEEDBACK = `... on RecordFeedbackSuccess { created feedback {
    predictionId endpoint { name } variant version { ref } reward truth predictedAt } }
  ... on FeedbackConflictError { reward } ${REFUSED}`;

/** Rules, strategies and feedback as a client sees them; each answers the member of the result union. */
export class RoutingClient {
  constructor(private readonly server: ApiClient) {}

  async deploy(name: string, variants: object[], routing: object = {}): Promise<Deployed> {
    const query = `mutation ($input: DeployEndpointInput!) { deployEndpoint(input: $input) {
      __typename ... on DeployEndpointSuccess { endpoint { ${ROUTED} } } ${REFUSED} } }`;
    const input = { name, variants, ...routing };
    return (await this.server.data<{ deployEndpoint: Deployed }>(query, { input })).deployEndpoint;
  }

  async split(endpoint: string, variants: object[], routing: object = {}): Promise<Deployed> {
    const query = `mutation ($input: SetTrafficSplitInput!) { setTrafficSplit(input: $input) {
      __typename ... on SetTrafficSplitSuccess { endpoint { ${ROUTED} } } ${REFUSED} } }`;
    const input = { endpoint, variants, ...routing };
    return (await this.server.data<{ setTrafficSplit: Deployed }>(query, { input })).setTrafficSplit;
  }

  async endpoint(name: string): Promise<RoutedEndpoint> {
    const query = `query ($name: String!) { endpoint(name: $name) { ${ROUTED} } }`;
    return (await this.server.data<{ endpoint: RoutedEndpoint }>(query, { name })).endpoint;
  }

  async recordFeedback(input: object): Promise<Recorded> {
    const query = `mutation ($input: RecordFeedbackInput!) { recordFeedback(input: $input) { __typename ${FEEDBACK} } }`;
    return (await this.server.data<{ recordFeedback: Recorded }>(query, { input })).recordFeedback;
  }

  async recordFeedbackMany(feedback: object[]): Promise<Member & { readonly results: readonly Recorded[] }> {
    const query = `mutation ($input: RecordFeedbackManyInput!) { recordFeedbackMany(input: $input) {
      __typename ... on RecordFeedbackManySuccess { results { __typename ${FEEDBACK} } } ${REFUSED} } }`;
    const { recordFeedbackMany } = await this.server.data<{
      recordFeedbackMany: Member & { readonly results: readonly Recorded[] };
    }>(query, { input: { feedback } });
    return recordFeedbackMany;
  }
}
