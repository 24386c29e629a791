import type { Client } from '../client';
import type { Narrator } from '../narrator';
import { compareWithTrainer, LARGEST_DIFFERENCE } from '../onnx-check';
import { onnxModel } from '../onnx-model';
import { type ModelVersion, REGISTER_MODEL_VERSION } from '../operations/registry';
import { LOG_ARTIFACT } from '../operations/tracking';
import { expectMember } from '../outcome';
import { shortNumber } from '../wording';
import { MODEL } from './declare-model';
import type { RegisteredData } from './register-data';
import type { TrainedRun } from './train-run';

/** From a trained classifier to a registered version: write ONNX, check it, upload it, register it. */
export async function registerVersion(
  client: Client,
  narrator: Narrator,
  data: RegisteredData,
  { runId, last }: TrainedRun,
  description: string,
): Promise<ModelVersion> {
  const onnx = onnxModel(last.classifier);
  narrator.say(`ONNX: ${shortNumber(onnx.length)} bytes; ${await provenAgreement(onnx, data, last)}`);

  const { sha256 } = await client.upload(onnx);
  await logArtifact(client, runId, sha256);
  const input = {
    model: MODEL,
    artifact: { sha256 },
    runId,
    metrics: [
      { key: 'val_log_loss', value: last.valLogLoss, dataset: data.holdoutRef },
      { key: 'accuracy', value: last.valAccuracy, dataset: data.holdoutRef },
    ],
    labels: last.classifier.labels,
    datasets: [data.trainRef, data.holdoutRef],
    description,
  };
  const { registerModelVersion } = await client.call(REGISTER_MODEL_VERSION, { input });
  const { version, created } = expectMember(registerModelVersion, 'RegisterModelVersionSuccess');
  narrator.say(...versionLines(version, created));
  return version;
}

/** A file that answers differently from what was measured must not be registered. */
async function provenAgreement(
  onnx: Uint8Array,
  data: RegisteredData,
  { classifier }: TrainedRun['last'],
): Promise<string> {
  const rows = data.holdout.map(({ measured }) => measured);
  const { largestDifference, labelsDiffering } = await compareWithTrainer(onnx, classifier, rows);
  if (!(largestDifference <= LARGEST_DIFFERENCE) || labelsDiffering > 0) {
    throw new Error(`ONNX and trainer differ by ${largestDifference}, and in ${labelsDiffering} labels.`);
  }
  return `differs from the trainer by ${largestDifference.toExponential(1)} at most on ${rows.length} rows`;
}

async function logArtifact(client: Client, runId: string, sha256: string): Promise<void> {
  const input = { runId, path: 'model/penguins.onnx', artifact: { sha256 } };
  const { logArtifact } = await client.call(LOG_ARTIFACT, { input });
  expectMember(logArtifact, 'LogSuccess');
}

function versionLines({ ref, reason, signature, artifact }: ModelVersion, created: boolean): string[] {
  const columns = signature.columns.map(
    ({ name, datatype, nullable }) => `${name} ${datatype}${nullable ? '?' : ''}`,
  );
  return [
    `registered ${ref}${created ? '' : ' (the same bytes were known already)'}, sha256 ${artifact.sha256.slice(0, 12)}…`,
    `why ${reason.component}: ${reason.summary}`,
    ...reason.evidence.map((evidence) => `  · ${evidence}`),
    `takes ${columns.join(', ')}`,
    `gives ${signature.outputs.map(({ name, datatype }) => `${name} ${datatype}`).join(', ')}`,
  ];
}
