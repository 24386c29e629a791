import type { Artifact, Artifacts } from '../kernel/artifacts';
import { unavailable } from '../kernel/errors';
import type { ColumnPlace, ModelInspection, ModelInspector } from '../registry/registry';
import type { Backend, ModelFile } from './backends/backend';
import { WorkerUnavailable } from './worker-unavailable';

/** Tells the registry what a model file is, by trying it where it can harm nobody. */
export class OnnxModelInspector implements ModelInspector {
  constructor(
    private readonly backend: Backend,
    private readonly artifacts: Artifacts,
  ) {}

  inspect(artifact: Artifact): Promise<ModelInspection> {
    return this.tried(artifact, (file) => this.backend.inspect(file));
  }

  nullable(artifact: Artifact, columns: readonly ColumnPlace[]): Promise<readonly boolean[]> {
    return this.tried(artifact, (file) => this.backend.nullable(file, columns));
  }

  measureLatency(artifact: Artifact, samples: number) {
    return this.tried(artifact, (file) => this.backend.measureLatency(file, samples));
  }

  private async tried<Result>(
    { sha256 }: Artifact,
    work: (file: ModelFile) => Promise<Result>,
  ): Promise<Result> {
    const path = await this.artifacts.localPath(sha256);
    try {
      return await work({ sha256, path });
    } catch (error) {
      throw error instanceof WorkerUnavailable ? unavailable('The model worker', { cause: error }) : error;
    }
  }
}
