import type { ApiClient } from './api-client';
import type { Journal, Sent } from './journal';

interface Point {
  readonly key: string;
  readonly step: number;
  readonly value: number;
}
interface Series {
  readonly key: string;
  readonly steps: readonly (number | string)[];
  readonly values: readonly number[];
}
/** Types, since `Fields` can be read as a type and not as an interface. */
type StartInput = {
  readonly name: string;
  readonly params: readonly object[];
  readonly datasets: readonly string[];
  readonly source?: object;
};
type RunInput = {
  readonly runId: string;
  readonly points: readonly Point[];
  readonly path: string;
  readonly artifact: { readonly sha256: string };
};
interface Run {
  readonly id: string;
  readonly status: string;
  readonly params: readonly object[];
  readonly artifacts: readonly object[];
  readonly metricHistory: readonly Series[];
}

/** More points than any series here has: the server must not leave any out. */
const ALL_POINTS = 10_000;
const RUN = `id name status params { key value } datasets { ref } source { commit dirty entryPoint }
  artifacts { path sha256 } metricHistory(keys: $keys, maxPoints: ${ALL_POINTS}) { key steps values }`;

/** A run has all that was acknowledged for it: what it was started with, its points, its files, its status. */
export async function expectRunsKept(server: ApiClient, journal: Journal): Promise<void> {
  for (const sent of journal.acknowledged('startRun')) {
    const { id } = runOf(sent);
    const points = inputsOf(journal, 'logMetrics', id).flatMap(({ points }) => points);
    const question = `query ($id: ID!, $keys: [String!]!) { run(id: $id) { ${RUN} } }`;
    const { run } = await server.data<{ run: Run }>(question, { id, keys: keysOf(points) });
    const { name, params, datasets, source = null } = sent.input as StartInput;
    expect(run).toMatchObject({ id, name, source, datasets: datasets.map((ref) => ({ ref })) });
    expect(run.params).toEqual(expect.arrayContaining([...params]));
    expectPoints(run.metricHistory, points);
    const files = inputsOf(journal, 'logArtifact', id).map(({ path, artifact }) => ({ path, ...artifact }));
    expect(run.artifacts).toEqual(expect.arrayContaining(files));
    expect(statusesOf(journal, id)).toContain(run.status);
  }
}

const inputsOf = (journal: Journal, field: string, runId: string): RunInput[] =>
  journal
    .acknowledged(field)
    .map(({ input }) => input as RunInput)
    .filter((input) => input.runId === runId);

/** Points that were not acknowledged may be there as well, but none twice. */
function expectPoints(history: readonly Series[], points: readonly Point[]): void {
  expect(history.map(({ key }) => key)).toEqual(keysOf(points));
  for (const { key, steps, values } of history) {
    const kept = new Map(steps.map((step, index) => [Number(step), values[index]]));
    expect(kept.size).toBe(steps.length);
    const told = points.filter((point) => point.key === key);
    expect(told.map(({ step }) => kept.get(step))).toEqual(told.map(({ value }) => value));
  }
}

const runOf = ({ answer }: Sent) => answer.run as Run;
const keysOf = (points: readonly Point[]) => [...new Set(points.map(({ key }) => key))];

/** The status that was told last; or else one that was asked for when nobody was left to answer. */
function statusesOf(journal: Journal, runId: string): unknown[] {
  const [last] = journal
    .acknowledged('startRun', 'logMetrics', 'logArtifact', 'finishRun')
    .filter((sent) => runOf(sent).id === runId)
    .slice(-1);
  if (!last) return [];
  const asked = journal.unansweredAfter(last, 'finishRun').filter(({ input }) => input.runId === runId);
  return [runOf(last).status, ...asked.map(({ input }) => input.status)];
}
