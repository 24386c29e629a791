import type { Client } from '../client';
import type { Narrator } from '../narrator';
import {
  DEPLOY_ENDPOINT,
  type Endpoint,
  ENDPOINT,
  type JsonRow,
  PREDICT,
  type Prediction,
} from '../operations/serving';
import { expectMember, expectRefusal, issueLine } from '../outcome';
import { type Penguin, speciesOf, toJsonRow } from '../table';
import { aligned, percent, shortNumber } from '../wording';
import { MODEL } from './declare-model';
import { ALIAS } from './promote';

export const ENDPOINT_NAME = 'penguins';

/** The endpoint follows the alias: promoting and rolling back is all that changes what answers. */
export async function deploy(client: Client, narrator: Narrator): Promise<Endpoint> {
  const { endpoint: known } = await client.call(ENDPOINT, { name: ENDPOINT_NAME });
  const input = {
    name: ENDPOINT_NAME,
    variants: [{ ref: `${MODEL}@${ALIAS}`, weight: 1 }],
    ...(known ? { expectedRevision: known.revision } : {}),
  };
  const { deployEndpoint } = await client.call(DEPLOY_ENDPOINT, { input });
  const { endpoint, created } = expectMember(deployEndpoint, 'DeployEndpointSuccess');
  const variants = endpoint.variants
    .map(({ ref, version }) => `${ref} (now ${version?.ref ?? 'nothing'})`)
    .join(', ');
  narrator.say(
    `${endpoint.name} ${created ? 'made' : 'deployed again'}, revision ${endpoint.revision}: ${variants}`,
  );
  return endpoint;
}

/** A bird of each species, and those of which most is unknown: the hardest. */
export async function predictSome(
  client: Client,
  narrator: Narrator,
  holdout: readonly Penguin[],
): Promise<void> {
  const birds = [
    ...speciesOf(holdout).flatMap((species) => holdout.find((bird) => bird.species === species) ?? []),
    ...holdout.filter(isIncomplete),
  ];
  const prediction = await predict(
    client,
    birds.map(({ measured }) => toJsonRow(measured)),
  );
  const rows = birds.map((bird, i) => answerCells(bird, prediction.rows?.[i] ?? {}));
  narrator.say(...aligned(rows));
  narrator.say(
    `answered by ${prediction.version.ref} in ${shortNumber(prediction.timing.totalMs)} ms, prediction ${prediction.predictionId}`,
  );
}

/** A text for a number, and a column that does not exist. A value may be missing: the model fills it in. */
export async function predictBroken(client: Client, narrator: Narrator, bird: Penguin): Promise<void> {
  const row = { ...toJsonRow(bird.measured), flipper_length_mm: 'long', wingspan_mm: 700 };
  narrator.say(`sent: ${JSON.stringify(row)}`);
  const { predict } = await client.call(PREDICT, { input: { endpoint: ENDPOINT_NAME, rows: [row] } });
  const refusal = expectRefusal(predict, 'InvalidInputError');
  narrator.say(`refused (${refusal.code}): ${refusal.message}`, ...(refusal.issues ?? []).map(issueLine));
}

/** Which version answers at this moment: the answer itself says so. */
export async function whoAnswers(client: Client, narrator: Narrator, bird: Penguin): Promise<void> {
  const { version, rows } = await predict(client, [toJsonRow(bird.measured)]);
  narrator.say(`${ENDPOINT_NAME} now answers with ${version.ref}: ${JSON.stringify(rows?.[0])}`);
}

async function predict(client: Client, rows: readonly JsonRow[]): Promise<Prediction> {
  const { predict } = await client.call(PREDICT, { input: { endpoint: ENDPOINT_NAME, rows } });
  return expectMember(predict, 'PredictSuccess');
}

const isIncomplete = ({ measured }: Penguin) => Object.values(toJsonRow(measured)).includes(null);

function answerCells({ species, measured }: Penguin, answer: JsonRow): string[] {
  const label = String(answer.label);
  const known = Object.values(toJsonRow(measured)).map((value) => value ?? 'null');
  return [
    known.join(' '),
    `→ ${label} ${percent(certainty(answer.probabilities))}`,
    label === species ? 'right' : `wrong: it is ${species}`,
  ];
}

/** Probabilities come in a list, or named by their labels. */
const certainty = (probabilities: unknown) => Math.max(...Object.values(probabilities ?? {}).map(Number));
