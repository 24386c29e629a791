import type { Actor } from '../../kernel/actor';
import { tagList, type Model, type ModelVersion, type Registry } from '../../registry/registry';
import { listOrNothing, type Json } from './answer-json';
import { runKey } from './run-json';

/** Our own number of a version, beside the one that clients of this door know: a tag that is made, not stored. */
const NUMBER_TAG = 'modelgraph.version';

/** Registered models and their versions as MLflow's answers have them. */
export class ModelJson {
  constructor(private readonly registry: Registry) {}

  async model(actor: Actor, model: Model): Promise<Json> {
    const [json = {}] = await this.models(actor, [model]);
    return json;
  }

  /** With the newest version of each stage, whose own aliases are not told there. */
  async models(actor: Actor, models: readonly Model[]): Promise<readonly Json[]> {
    const ids = models.map(({ id }) => id);
    const [latest, aliases] = await Promise.all([
      this.registry.latestVersions(actor, ids),
      this.registry.aliasesOfModels(actor, ids),
    ]);
    const targets = await this.registry.versionsByIds(
      actor,
      aliases.flat().map(({ versionId }) => versionId),
    );
    const ordinals = new Map(targets.flatMap((version) => (version ? [[version.id, version.ordinal]] : [])));
    return models.map((model, index) => ({
      name: model.name,
      creation_timestamp: model.createdAt.getTime(),
      last_updated_timestamp: model.updatedAt.getTime(),
      description: model.description === '' ? undefined : model.description,
      latest_versions: listOrNothing((latest[index] ?? []).map((version) => versionJson(version))),
      tags: listOrNothing(tagList(model.tags).map(({ key, value }) => ({ key, value }))),
      aliases: listOrNothing(
        (aliases[index] ?? []).map(({ name, versionId }) => ({
          alias: name,
          version: String(ordinals.get(versionId) ?? ''),
        })),
      ),
    }));
  }

  async version(actor: Actor, version: ModelVersion): Promise<Json> {
    const [json = {}] = await this.versions(actor, [version]);
    return json;
  }

  /** With the aliases that point at them. */
  async versions(actor: Actor, versions: readonly ModelVersion[]): Promise<readonly Json[]> {
    const aliases = await this.registry.aliasesOfVersions(
      actor,
      versions.map(({ id }) => id),
    );
    return versions.map((version, index) =>
      versionJson(
        version,
        (aliases[index] ?? []).map(({ name }) => name),
      ),
    );
  }
}

/** Where a version that was not registered here by this door comes from. */
const sourceOf = ({ origin, sha256 }: ModelVersion): string =>
  origin?.uri ?? `modelgraph:/artifacts/sha256/${sha256}`;

export const versionJson = (version: ModelVersion, aliases: readonly string[] = []): Json => ({
  name: version.modelName,
  version: String(version.ordinal),
  creation_timestamp: version.createdAt.getTime(),
  last_updated_timestamp: version.updatedAt.getTime(),
  user_id: '',
  current_stage: version.stage,
  description: version.description,
  source: sourceOf(version),
  run_id: version.runId === null ? '' : runKey(version.runId),
  status: 'READY',
  tags: tagsJson(version),
  run_link: version.origin?.link ?? '',
  aliases: listOrNothing(aliases),
});

function tagsJson({ tags, number }: ModelVersion): Json {
  const stored = tagList(tags).filter(({ key }) => key !== NUMBER_TAG);
  return [...stored, { key: NUMBER_TAG, value: number }].map(({ key, value }) => ({ key, value }));
}
