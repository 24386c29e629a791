import type { Client } from '../client';
import { lineageTree } from '../lineage-tree';
import type { Narrator } from '../narrator';
import { LINEAGE_UPSTREAM } from '../operations/lineage';
import type { Endpoint } from '../operations/serving';

/** endpoint → alias → version → run → dataset version are four steps, and a few to spare. */
const DEPTH = 6;

/** From what applications call back to the rows that it learnt from. */
export async function traceBack(client: Client, narrator: Narrator, endpoint: Endpoint): Promise<void> {
  const { lineage } = await client.call(LINEAGE_UPSTREAM, { id: endpoint.id, depth: DEPTH });
  if (!lineage) throw new Error(`The endpoint ${endpoint.name} has no lineage.`);
  narrator.say(...lineageTree(lineage, endpoint.id));
  if (lineage.isPartial) narrator.say('(there is more than was asked for)');
}
