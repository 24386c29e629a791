import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client';
import { closingLines } from './closing';
import { describeFailure } from './failure';
import { penguinsCsvFile } from './files';
import { Narrator } from './narrator';
import { connectOrStart, type Server } from './server';
import { tellStory } from './story';

/** The connections break a moment before the process is gone. */
const TIME_TO_DIE_MS = 1_000;

async function main(): Promise<void> {
  const startedAt = performance.now();
  const narrator = new Narrator();
  const server = await connectOrStart(process.env);
  stopOnSignals(server);
  const client = new Client(server.url, server.key);
  try {
    narrator.plain(`Modelgraph at ${server.url}${server.storeFolder ? ' (started for this story)' : ''}`);
    const csv = await readFile(penguinsCsvFile());
    const data = await tellStory(client, narrator, csv).catch((failure) => explain(failure, server));
    const seconds = (performance.now() - startedAt) / 1000;
    for (const line of closingLines(server, data, seconds, process.env)) narrator.plain(line);
  } finally {
    await client.close();
    await server.stop();
  }
}

/** When our server has died, its last words say more than the connection that was lost by it. */
async function explain(failure: unknown, server: Server): Promise<never> {
  await Promise.race([server.died, sleep(TIME_TO_DIE_MS)]);
  throw failure;
}

/** Whoever interrupts the story should not leave a server behind that holds the store. */
function stopOnSignals(server: Server): void {
  const stopAndExit = () => void server.stop().finally(() => process.exit(1));
  process.once('SIGINT', stopAndExit);
  process.once('SIGTERM', stopAndExit);
  process.once('SIGHUP', stopAndExit);
}

main().catch((error: unknown) => {
  process.stderr.write(`\n${describeFailure(error)}\n`);
  process.exitCode = 1;
});
