import type { Artifact, Artifacts } from '../kernel/artifacts';
import { unavailable } from '../kernel/errors';
import type { ColumnPlace, ModelInspection, ModelInspector } from '../registry/registry';
import type { Backend, ModelFile } from './backends/backend';
import { readRemoteDocument } from './backends/remote-document';
import { WorkerUnavailable } from './worker-unavailable';

/** Tells the registry what a model file is, by trying it where it can harm nobody, or by asking the server that has it. */
export class ModelFileInspector implements ModelInspector {
  constructor(
    private readonly backend: Backend,
    private readonly artifacts: Artifacts,
  ) {}

  async inspect({ sha256 }: Artifact): Promise<ModelInspection> {
    const path = await this.artifacts.localPath(sha256);
    const read = await readRemoteDocument(path);
    if (read && !read.ok) return { ok: false, code: 'INVALID_REMOTE_MODEL', message: read.message };
    return this.tried({ sha256 }, (file) => this.backend.inspect(file));
  }

  nullable(artifact: Artifact, columns: readonly ColumnPlace[]): Promise<readonly boolean[]> {
    return this.tried(artifact, (file) => this.backend.nullable(file, columns));
  }

  measureLatency(artifact: Artifact, samples: number) {
    return this.tried(artifact, (file) => this.backend.measureLatency(file, samples));
  }

  private async tried<Result>(
    { sha256 }: Pick<Artifact, 'sha256'>,
    work: (file: ModelFile) => Promise<Result>,
  ): Promise<Result> {
    const path = await this.artifacts.localPath(sha256);
    const read = await readRemoteDocument(path);
    try {
      return await work({ sha256, path, ...(read?.ok && { remote: read.document }) });
    } catch (error) {
      throw error instanceof WorkerUnavailable ? unavailable('The model worker', { cause: error }) : error;
    }
  }
}
