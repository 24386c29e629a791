import type { Classifier } from '../classifier';
import type { Client } from '../client';
import { compareWithTrainer, LARGEST_DIFFERENCE } from '../onnx-check';
import { onnxModel } from '../onnx-model';
import { LOG_ARTIFACT } from '../operations/tracking';
import { expectMember } from '../outcome';
import type { RegisteredData } from './register-data';

export interface SavedModel {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Between what ONNX and the trainer say of the hold-out: of probabilities, so from 0 to 1. */
  readonly largestDifference: number;
  readonly rowsCompared: number;
}

/** From a trained classifier to an artifact of its run: write ONNX, check it, upload it, log it. */
export async function saveModel(
  client: Client,
  runId: string,
  data: RegisteredData,
  classifier: Classifier,
): Promise<SavedModel> {
  const onnx = onnxModel(classifier);
  const rows = data.holdout.map(({ measured }) => measured);
  const largestDifference = await provenDifference(onnx, classifier, rows);
  const { sha256 } = await client.upload(onnx);
  const input = { runId, path: 'model/penguins.onnx', artifact: { sha256 } };
  const { logArtifact } = await client.call(LOG_ARTIFACT, { input });
  expectMember(logArtifact, 'LogSuccess');
  return { sha256, sizeBytes: onnx.length, largestDifference, rowsCompared: rows.length };
}

/** A file that answers differently from what was measured must not be registered. */
async function provenDifference(
  onnx: Uint8Array,
  classifier: Classifier,
  rows: Parameters<typeof compareWithTrainer>[2],
): Promise<number> {
  const { largestDifference, labelsDiffering } = await compareWithTrainer(onnx, classifier, rows);
  if (!(largestDifference <= LARGEST_DIFFERENCE) || labelsDiffering > 0) {
    throw new Error(`ONNX and trainer differ by ${largestDifference}, and in ${labelsDiffering} labels.`);
  }
  return largestDifference;
}
