import { createHash } from 'node:crypto';
import type { ApiClient } from './api-client';
import { selectionOf, type Journal, type Sent } from './journal';
import { expectRunsKept } from './kept-runs';
import { expectAliasesKept, expectEndpointsKept } from './kept-serving';

const COMPARED = [
  ...['registerDatasetVersion', 'createModel', 'registerModelVersion', 'createExperiment'],
  ...['startRun', 'logMetrics', 'logArtifact', 'finishRun'],
  ...['promoteModelVersion', 'rollbackAlias', 'deployEndpoint', 'predict'],
];

/** Asks a server again for all that a client was told is kept, and compares it with what the client was told. */
export async function expectStillThere(server: ApiClient, journal: Journal): Promise<void> {
  const fields = journal.acknowledged().map(({ field }) => field);
  expect(COMPARED).toEqual(expect.arrayContaining(fields)); // a new one needs a way to ask for it again, here
  await expectUploadsKept(server, journal);
  await expectRecordsKept(server, journal);
  await expectRunsKept(server, journal);
  await expectAliasesKept(server, journal);
  await expectEndpointsKept(server, journal);
}

async function expectUploadsKept(server: ApiClient, { sha256s }: Journal): Promise<void> {
  for (const sha256 of sha256s) {
    const response = await fetch(`${server.url}/artifacts/sha256/${sha256}`, { headers: server.headers });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  }
}

/** What never changes once it is made is answered again as it was. */
async function expectRecordsKept(server: ApiClient, journal: Journal): Promise<void> {
  const askedAgain = async (sent: Sent, member: string, field: string, key: unknown) => {
    const question = `query ($key: String!) { found: ${field} ${selectionOf(sent, member)} }`;
    expect((await server.data(question, { key })).found).toEqual(sent.answer[member]);
  };
  for (const sent of journal.acknowledged('registerModelVersion'))
    await askedAgain(sent, 'version', 'modelVersion(ref: $key)', versionOf(sent).ref);
  for (const sent of journal.acknowledged('createModel'))
    await askedAgain(sent, 'model', 'model(name: $key)', sent.input.name);
  for (const sent of journal.acknowledged('createExperiment'))
    await askedAgain(sent, 'experiment', 'experiment(name: $key)', sent.input.name);
  for (const sent of journal.acknowledged('registerDatasetVersion')) await expectDatasetKept(server, sent);
}

/** From a dataset's reference to its id there is one way: by lineage, whose first node is the one asked for. */
async function expectDatasetKept(server: ApiClient, sent: Sent): Promise<void> {
  const { lineage } = await server.data<{ lineage: { nodes: object[] } }>(
    'query ($of: String!) { lineage(of: $of) { nodes { id } } }',
    { of: `dataset:${versionOf(sent).ref}` },
  );
  const question = `query ($id: ID!) { node(id: $id) { ... on DatasetVersion ${selectionOf(sent, 'version')} } }`;
  const { node } = await server.data(question, { ...lineage.nodes[0] });
  expect(node).toEqual(sent.answer.version);
}

const versionOf = ({ answer }: Sent) => answer.version as { readonly ref: string };
