import type { Client } from './client';
import type { Narrator } from './narrator';
import type { ModelVersion } from './operations/registry';
import { sourceOfThisCode } from './source';
import { declareModel } from './steps/declare-model';
import { load } from './steps/load';
import { openExperiment } from './steps/open-experiment';
import { promote, promoteInVain, rollBack } from './steps/promote';
import { type RegisteredData, registerSplit, registerTable } from './steps/register-data';
import { registerVersion } from './steps/register-version';
import { deploy, predictBroken, predictSome, whoAnswers } from './steps/serve';
import { traceBack } from './steps/trace';
import { type Training, trainRun } from './steps/train-run';
import { firstTraining, longerTraining, misledTraining } from './trainings';

/** The whole way once: from a raw table to live predictions, and from these back to the table. */
export async function tellStory(client: Client, narrator: Narrator, csv: Buffer): Promise<RegisteredData> {
  const tableRef = await registerTable(client, narrator, csv);
  const data = await registerSplit(client, narrator, csv, tableRef);
  await declareModel(client, narrator);
  const earlierRuns = await openExperiment(client, narrator);

  const versions = await trainAndPromote(client, narrator, data, 1 + earlierRuns);
  await serve(client, narrator, data, versions.better);
  return data;
}

/** Three trainings: a first version, a better one, and one that must not get through. */
async function trainAndPromote(client: Client, narrator: Narrator, data: RegisteredData, seed: number) {
  const source = await sourceOfThisCode();
  const trainAndRegister = async (training: Training) => {
    const run = await trainRun(client, narrator, data, training, source);
    return registerVersion(client, narrator, data, run, training.name);
  };

  narrator.step('Train a little, and register what came of it');
  const first = await trainAndRegister(firstTraining(data, seed));
  narrator.step(`Promote ${first.ref}`);
  await promote(client, narrator, first, 'The first that passes.');

  narrator.step('Train for longer, and register what came of it');
  const better = await trainAndRegister(longerTraining(data, seed));

  narrator.step('Train on shuffled species, and try to promote what came of it');
  const misled = await trainAndRegister(misledTraining(data, seed));
  await promoteInVain(client, narrator, misled);

  narrator.step(`Promote ${better.ref}`);
  await promote(client, narrator, better, 'It passes, and it is better.');
  return { first, better };
}

/** What applications see of it, and how it is doing. */
async function serve(
  client: Client,
  narrator: Narrator,
  data: RegisteredData,
  better: ModelVersion,
): Promise<void> {
  const [bird] = data.holdout;
  if (!bird) throw new Error('The hold-out is empty.');

  narrator.step('Deploy an endpoint that follows the alias');
  const endpoint = await deploy(client, narrator);
  narrator.step('Predict birds that it has never seen');
  await predictSome(client, narrator, data.holdout);
  narrator.step('Send a broken row');
  await predictBroken(client, narrator, bird);
  narrator.step('Send many predictions, and listen to `endpointLatency` meanwhile');
  await load(client, narrator, data.holdout);

  narrator.step('Roll back, and forward again');
  await rollBack(client, narrator);
  await whoAnswers(client, narrator, bird);
  await promote(client, narrator, better, 'Forward again.');
  await whoAnswers(client, narrator, bird);

  narrator.step('Where does an answer come from? From the endpoint back to the data');
  await traceBack(client, narrator, endpoint);
}
