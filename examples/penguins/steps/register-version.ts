import type { Client } from '../client';
import type { Narrator } from '../narrator';
import { type ModelVersion, REGISTER_MODEL_VERSION } from '../operations/registry';
import { expectMember } from '../outcome';
import { MODEL } from './declare-model';
import type { RegisteredData } from './register-data';
import type { TrainedRun } from './train-run';

/** From the model that a run has saved to a registered version, with what it was measured on. */
export async function registerVersion(
  client: Client,
  narrator: Narrator,
  data: RegisteredData,
  { runId, last, model }: TrainedRun,
  description: string,
): Promise<ModelVersion> {
  const input = {
    model: MODEL,
    artifact: { sha256: model.sha256 },
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
