import { relative } from 'node:path';
import type { JsonRow } from './operations/serving';
import type { Server } from './server';
import type { RegisteredData } from './steps/register-data';
import { ENDPOINT_NAME } from './steps/serve';
import { toJsonRow } from './table';
import { shortNumber } from './wording';

const DEFAULT_PORT = '4000';
const PREDICT =
  'mutation($input: PredictInput!) { predict(input: $input) ' +
  '{ __typename ... on PredictSuccess { rows version { ref } } ... on UserError { code message } } }';

/** What to do next: where all of it is, how to look at it, and one line that predicts. */
export function closingLines(
  server: Server,
  data: RegisteredData,
  seconds: number,
  env: NodeJS.ProcessEnv,
): string[] {
  const { storeFolder } = server;
  const url = storeFolder ? `http://127.0.0.1:${env.PORT ?? DEFAULT_PORT}` : server.url;
  const [bird] = data.holdout;
  return [
    '',
    `Done in ${shortNumber(seconds)} s.`,
    ...(storeFolder
      ? [`All of it is kept in ${placesOf(storeFolder, env)}: \`npm start\` serves it again.`]
      : []),
    `Explore it ${storeFolder ? 'then ' : ''}at ${url}/, and predict from another terminal:`,
    '',
    curlLine(url, server.keyFile, bird ? toJsonRow(bird.measured) : {}),
  ];
}

function placesOf(storeFolder: string, { DATABASE_URL }: NodeJS.ProcessEnv): string {
  const store = storeFolder.startsWith('s3://') ? storeFolder : `${shortPath(storeFolder)}/`;
  return DATABASE_URL ? `${store} and the database at DATABASE_URL` : store;
}

/** The credential is read when the line runs: it is never printed. */
function curlLine(url: string, keyFile: string | undefined, row: JsonRow): string {
  const key = keyFile === undefined ? '$MODELGRAPH_KEY' : `$(cat '${shortPath(keyFile)}')`;
  const body = JSON.stringify({
    query: PREDICT,
    variables: { input: { endpoint: ENDPOINT_NAME, rows: [row] } },
  });
  return `curl -s ${url}/graphql -H "authorization: Bearer ${key}" -H 'content-type: application/json' -d '${body}'`;
}

/** Relative to the working folder where it lies below. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
