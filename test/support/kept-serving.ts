import type { ApiClient } from './api-client';
import type { Journal, Sent } from './journal';

interface Pointer {
  readonly revision: number;
  readonly version: { readonly ref: string };
}
interface Endpoint {
  readonly revision: number;
  readonly variants: readonly {
    readonly ref: string;
    readonly weight: number;
    readonly version: { readonly ref: string };
  }[];
}

type Prediction = { readonly rows?: readonly object[]; readonly version?: { readonly ref: string } };

const MOVES = ['promoteModelVersion', 'rollbackAlias'];
/** Moves of an alias that one question may ask for. */
const MOST_MOVES = 100;

/** An alias points where the last acknowledged move has put it, and knows all the moves before. */
export async function expectAliasesKept(server: ApiClient, journal: Journal): Promise<void> {
  const question = `query ($model: String!, $alias: String!) { model(name: $model) { alias(name: $alias) {
    revision version { ref } history(first: ${MOST_MOVES}) { revision version { ref } } } } }`;
  for (const { all, last } of groupedBy(journal.acknowledged(...MOVES), aliasOf)) {
    const [model, alias] = aliasOf(last).split('@');
    type Found = { model: { alias: Pointer & { readonly history: readonly Pointer[] } } };
    const { model: found } = await server.data<Found>(question, { model, alias });
    const { history, ...now } = found.alias;
    const told = all.map(({ answer }) => pointerOf(answer.alias as Pointer));
    expect(history).toEqual(expect.arrayContaining(told));
    expect(now).toEqual(history[0]);
    if (journal.unansweredAfter(last, ...MOVES).length === 0) expect(now).toEqual(told.at(-1));
  }
}

/** An endpoint is as it was deployed last, and a version answers again what it answered before. */
export async function expectEndpointsKept(server: ApiClient, journal: Journal): Promise<void> {
  const question = `query ($name: String!) { endpoint(name: $name) {
    revision variants { ref weight version { ref } } } }`;
  for (const { last } of groupedBy(journal.acknowledged('deployEndpoint'), endpointOf)) {
    const name = endpointOf(last);
    const { endpoint } = await server.data<{ endpoint: Endpoint }>(question, { name });
    if (journal.unansweredAfter(last, 'deployEndpoint').length === 0)
      expect(deploymentOf(endpoint)).toEqual(deploymentOf(last.answer.endpoint as Endpoint));
    const asked = journal.acknowledged('predict').filter(({ input }) => input.endpoint === name);
    await expectSameAnswers(
      server,
      asked,
      endpoint.variants.map(({ version }) => version.ref),
    );
  }
}

/** Of predictions that said which version they came from. */
async function expectSameAnswers(
  server: ApiClient,
  asked: readonly Sent[],
  live: readonly string[],
): Promise<void> {
  const comparable = asked.filter(({ answer }) => answer.version);
  expect(comparable.length).toBeGreaterThan(0);
  for (const { input, answer } of comparable) {
    const { predict } = await server.data<{ predict: Prediction }>(
      `mutation ($input: PredictInput!) { predict(input: $input) {
        ... on PredictSuccess { rows version { ref } } ... on UserError { message } } }`,
      { input },
    );
    expect(live).toContain(predict.version?.ref);
    if (predict.version?.ref === (answer as Prediction).version?.ref)
      expect(predict.rows).toEqual(answer.rows);
  }
}

function groupedBy(sent: readonly Sent[], keyOf: (sent: Sent) => string) {
  const groups = new Map<string, { readonly all: readonly Sent[]; readonly last: Sent }>();
  for (const last of sent) {
    const earlier = groups.get(keyOf(last))?.all ?? [];
    groups.set(keyOf(last), { all: [...earlier, last], last });
  }
  return [...groups.values()];
}

const aliasOf = ({ answer }: Sent): string => {
  const { name, version } = answer.alias as Pointer & { readonly name: string };
  return `${version.ref.split('@')[0]}@${name}`;
};
const endpointOf = ({ input }: Sent): string => String(input.name);
const pointerOf = ({ revision, version: { ref } }: Pointer): Pointer => ({ revision, version: { ref } });
const deploymentOf = ({ revision, variants }: Endpoint) => ({
  revision,
  variants: variants.map(({ ref, weight }) => ({ ref, weight })),
});
