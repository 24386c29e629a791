import type { Client } from '../client';
import type { Narrator } from '../narrator';
import { type DatasetVersion, REGISTER_DATASET_VERSION } from '../operations/datasets';
import { expectMember } from '../outcome';
import { seededRandom } from '../random';
import { parsePenguins, type Split, splitBySpecies, TARGET, toCsv } from '../table';
import { aligned, shortNumber } from '../wording';

export const TABLE = 'penguins';
const HOLDOUT_SHARE = 0.2;
/** One split for all runs: only on the same hold-out can versions be compared. */
const SPLIT_SEED = 2;

/** The rows that models learn from and are judged by, and the names under which the server knows them. */
export interface RegisteredData extends Split {
  readonly tableRef: string;
  readonly trainRef: string;
  readonly holdoutRef: string;
}

export async function registerTable(client: Client, narrator: Narrator, csv: Buffer): Promise<string> {
  narrator.step('Register the raw table as a dataset version');
  const version = await registerDataset(client, narrator, TABLE, csv);
  narrator.say(...columnTable(version));
  return version.ref;
}

export async function registerSplit(
  client: Client,
  narrator: Narrator,
  csv: Buffer,
  tableRef: string,
): Promise<RegisteredData> {
  narrator.step('Split it by species, and register both parts');
  const split = splitBySpecies(parsePenguins(csv), HOLDOUT_SHARE, seededRandom(SPLIT_SEED));
  const train = await registerDataset(client, narrator, `${TABLE}-train`, toCsv(split.train));
  const holdout = await registerDataset(client, narrator, `${TABLE}-holdout`, toCsv(split.holdout));
  return { ...split, tableRef, trainRef: train.ref, holdoutRef: holdout.ref };
}

async function registerDataset(
  client: Client,
  narrator: Narrator,
  dataset: string,
  csv: Buffer,
): Promise<DatasetVersion> {
  const { sha256 } = await client.upload(csv);
  const input = { dataset, artifact: { sha256 }, target: TARGET };
  const { registerDatasetVersion } = await client.call(REGISTER_DATASET_VERSION, { input });
  const { version, created } = expectMember(registerDatasetVersion, 'RegisterDatasetVersionSuccess');
  const news = created ? 'new' : 'known already';
  narrator.say(
    `${version.ref}: ${shortNumber(version.rowCount)} rows, sha256 ${sha256.slice(0, 12)}… (${news})`,
  );
  return version;
}

function columnTable({ columns }: DatasetVersion): string[] {
  const header = ['column', 'type', 'missing', 'distinct', 'min', 'mean', 'max'];
  const rows = columns.map(({ name, datatype, missing, distinct, min, mean, max }) => [
    name,
    datatype,
    ...[missing, distinct, min, mean, max].map(shortNumber),
  ]);
  return aligned([header, ...rows]);
}
