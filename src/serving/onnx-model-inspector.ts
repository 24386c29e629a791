import type { Artifact, Artifacts } from '../kernel/artifacts';
import { unavailable } from '../kernel/errors';
import type { Tensor } from '../kernel/tensor';
import type { ColumnPlace, ModelInspection, ModelInspector } from '../registry/registry';
import type { Backend, ModelFile } from './backends/backend';
import { InvalidInput } from './invalid-input';
import { missingValueProbes } from './missing-values';
import { fromHalfBits } from './value-parser';
import { WorkerUnavailable } from './worker-unavailable';

/** Wall-clock limit of one probing run, in ms. */
const PROBE_LIMIT_MS = 10_000;

/** Tells the registry what a model file is, by trying it on a worker. */
export class OnnxModelInspector implements ModelInspector {
  constructor(
    private readonly backend: Backend,
    private readonly artifacts: Artifacts,
  ) {}

  async inspect(artifact: Artifact): Promise<ModelInspection> {
    const file = await this.fileOf(artifact);
    return asUnavailable(() => this.backend.inspect(file));
  }

  /** Asks the model with each column missing in turn: one that answers without NaN has something to put in its place. */
  async nullable(artifact: Artifact, columns: readonly ColumnPlace[]): Promise<readonly boolean[]> {
    const file = await this.fileOf(artifact);
    const inspection = await asUnavailable(() => this.backend.inspect(file));
    if (!inspection.ok) return columns.map(() => false);
    const answers: boolean[] = [];
    for (const inputs of missingValueProbes(inspection.inputs, columns)) {
      answers.push(inputs !== null && (await this.answersWithoutNaN(file, inputs)));
    }
    return answers;
  }

  async measureLatency(artifact: Artifact, samples: number) {
    const file = await this.fileOf(artifact);
    return asUnavailable(() => this.backend.measureLatency(file, samples));
  }

  private async answersWithoutNaN(file: ModelFile, inputs: readonly Tensor[]): Promise<boolean> {
    try {
      const { outputs } = await this.backend.run(file, inputs, { timeoutMs: PROBE_LIMIT_MS });
      const scores = outputs.filter(({ datatype }) => datatype.startsWith('FP'));
      // A model that only names classes always names one: it cannot show that it missed something.
      return scores.length > 0 && !scores.some(hasNaN);
    } catch (error) {
      if (error instanceof InvalidInput) return false;
      throw error instanceof WorkerUnavailable ? unavailable('The model worker', { cause: error }) : error;
    }
  }

  private async fileOf({ sha256 }: Artifact): Promise<ModelFile> {
    return { sha256, path: await this.artifacts.localPath(sha256) };
  }
}

function hasNaN({ datatype, data }: Tensor): boolean {
  const values = data as ArrayLike<number>;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    if (Number.isNaN(datatype === 'FP16' ? fromHalfBits(value) : value)) return true;
  }
  return false;
}

async function asUnavailable<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof WorkerUnavailable ? unavailable('The model worker', { cause: error }) : error;
  }
}
