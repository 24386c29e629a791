import type { Artifacts } from '../../kernel/artifacts/artifacts';
import type { ModelVersion } from '../../registry/registry';
import { documentOf } from '../execution/artifact-document';
import type { ModelFile } from '../execution/backend';
import { RowEncoder } from '../values/row-encoder';

/** A model version with all that a prediction needs: nothing is looked up while callers wait. */
export interface ServedModel {
  readonly version: ModelVersion;
  readonly file: ModelFile;
  readonly rows: RowEncoder;
}

/** Served models by version: a version never changes, so each is prepared once. */
export class ServedModels {
  private readonly byVersion = new Map<string, ServedModel>();

  constructor(private readonly artifacts: Artifacts) {}

  async of(version: ModelVersion): Promise<ServedModel> {
    const known = this.byVersion.get(version.id);
    if (known) return known;
    const { sha256, sizeBytes, signature } = version;
    const read = await documentOf(this.artifacts, version);
    const remote = read?.ok && { remote: read.document, declared: signature };
    const model = {
      version,
      file: { sha256, sizeBytes, lease: () => this.artifacts.lease(sha256), ...remote },
      rows: new RowEncoder(version.signature),
    };
    this.byVersion.set(version.id, model);
    return model;
  }

  /** Forgets versions that no route leads to any more. */
  keepOnly(versionIds: ReadonlySet<string>): void {
    for (const id of this.byVersion.keys()) {
      if (!versionIds.has(id)) this.byVersion.delete(id);
    }
  }
}
