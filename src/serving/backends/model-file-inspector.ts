import type { Artifacts } from '../../kernel/artifacts/artifacts';
import type { Artifact } from '../../kernel/artifacts/artifact';
import { unavailable } from '../../kernel/errors';
import type { ColumnPlace, ModelInspection, ModelInspector } from '../../registry/registry';
import { documentOf } from '../execution/artifact-document';
import type { Backend, ModelFile } from '../execution/backend';
import { WorkerUnavailable } from '../execution/worker-unavailable';

/**
 * Tells the registry what a model file is, by trying it where it can harm nobody, or by asking the server that has it.
 */
export class ModelFileInspector implements ModelInspector {
  constructor(
    private readonly backend: Backend,
    private readonly artifacts: Artifacts,
  ) {}

  async inspect(artifact: Artifact): Promise<ModelInspection> {
    const read = await documentOf(this.artifacts, artifact);
    if (read && !read.ok) return { ok: false, code: 'INVALID_REMOTE_MODEL', message: read.message };
    const inspection = await this.tried(artifact, (file) => this.backend.inspect(file));
    return inspection.ok ? { ...inspection, format: read ? 'REMOTE' : 'ONNX' } : inspection;
  }

  nullable(artifact: Artifact, columns: readonly ColumnPlace[]): Promise<readonly boolean[]> {
    return this.tried(artifact, (file) => this.backend.nullable(file, columns));
  }

  measureLatency(artifact: Artifact, samples: number) {
    return this.tried(artifact, (file) => this.backend.measureLatency(file, samples));
  }

  private async tried<Result>(
    artifact: Artifact,
    work: (file: ModelFile) => Promise<Result>,
  ): Promise<Result> {
    const read = await documentOf(this.artifacts, artifact);
    const { sha256, sizeBytes } = artifact;
    try {
      const lease = () => this.artifacts.lease(sha256);
      return await work({ sha256, sizeBytes, lease, ...(read?.ok && { remote: read.document }) });
    } catch (error) {
      throw error instanceof WorkerUnavailable ? unavailable('The model worker', { cause: error }) : error;
    }
  }
}
