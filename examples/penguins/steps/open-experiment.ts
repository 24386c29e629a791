import type { Client } from '../client';
import type { Narrator } from '../narrator';
import { CREATE_EXPERIMENT, RUNS_OF_EXPERIMENT } from '../operations/tracking';
import { expectMember } from '../outcome';

export const EXPERIMENT = 'penguins';

/** Finds or makes the experiment, and counts the runs in it: a new story trains with seeds not used before. */
export async function openExperiment(client: Client, narrator: Narrator): Promise<number> {
  narrator.step('Open the experiment');
  const input = {
    name: EXPERIMENT,
    description: 'Which penguin is it? A softmax regression on raw columns.',
  };
  const { createExperiment } = await client.call(CREATE_EXPERIMENT, { input });
  const { experiment, created } = expectMember(createExperiment, 'CreateExperimentSuccess');
  const earlierRuns = await countRuns(client);
  narrator.say(`${experiment.name} (${created ? 'new' : 'known already'}), ${earlierRuns} earlier runs`);
  return earlierRuns;
}

async function countRuns(client: Client, after: string | null = null): Promise<number> {
  const { runs } = await client.call(RUNS_OF_EXPERIMENT, { experiment: EXPERIMENT, after });
  const { hasNextPage, endCursor } = runs.pageInfo;
  return runs.nodes.length + (hasNextPage ? await countRuns(client, endCursor) : 0);
}
