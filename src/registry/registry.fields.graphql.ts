import { Arg, Args, Ctx, FieldResolver, ID, Int, Resolver, Root } from 'type-graphql';
import {
  listComplexity,
  PageArgs,
  pageComplexity,
  pageRequest,
  toConnection,
} from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { MAX_PAGE_SIZE } from '../kernel/cursor';
import { Failure } from '../kernel/errors';
import { encodeNodeId } from '../kernel/ids';
import { TagType } from '../kernel/tag.graphql';
import { ArtifactType, MetricSummaryType, RunType } from '../tracking/tracking.graphql';
import type { KeyValue, MetricSummary, Run } from '../tracking/tracking';
import type { Alias, AliasMove } from './aliases/alias';
import type { Model } from './models/model';
import type { ModelVersion, VersionFile } from './versions/model-version';
import {
  AliasMoveType,
  AliasType,
  ModelType,
  ModelVersionConnection,
  ModelVersionType,
} from './registry.graphql';
import { tagList } from './tags';

/** Moves of an alias that are told where nobody says how many. */
const DEFAULT_HISTORY_LENGTH = 20;

@Resolver(() => ModelType)
export class ModelFields {
  @FieldResolver(() => ID, { description: 'Opaque id.' })
  id(@Root() model: Model): string {
    return encodeNodeId('model', model.id);
  }

  @FieldResolver(() => [TagType], { description: 'Words about it, by key.', complexity: listComplexity })
  tags(@Root() { tags }: Model): readonly KeyValue[] {
    return tagList(tags);
  }

  @FieldResolver(() => ModelVersionConnection, {
    description: 'Its versions, newest first.',
    complexity: pageComplexity,
  })
  async versions(@Root() model: Model, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: Context) {
    const key = { modelId: model.id, page: pageRequest(page, 1) };
    return toConnection(await loaders.versionPage.load(key));
  }

  @FieldResolver(() => AliasType, {
    nullable: true,
    description: 'One of its aliases. Null where there is none.',
  })
  async alias(
    @Root() model: Model,
    @Arg('name', () => String, { description: 'Name of the alias.' }) name: string,
    @Ctx() { loaders }: Context,
  ): Promise<Alias | null> {
    const aliases = await loaders.aliasesOfModel.load(model.id);
    return aliases.find((alias) => alias.name === name) ?? null;
  }

  @FieldResolver(() => [AliasType], { description: 'Its aliases, by name.', complexity: listComplexity })
  aliases(@Root() model: Model, @Ctx() { loaders }: Context): Promise<Alias[]> {
    return loaders.aliasesOfModel.load(model.id);
  }
}

@Resolver(() => ModelVersionType)
export class ModelVersionFields {
  @FieldResolver(() => ID, { description: 'Opaque id.' })
  id(@Root() version: ModelVersion): string {
    return encodeNodeId('model_version', version.id);
  }

  @FieldResolver(() => ModelType, { description: 'The model that this is a version of.' })
  model(@Root() version: ModelVersion, @Ctx() { loaders }: Context): Promise<Model | null> {
    return loaders.model.load(version.modelId);
  }

  @FieldResolver(() => ArtifactType, {
    description: 'The model file; of what is not opened, the list of its files with their hashes.',
  })
  artifact(@Root() { sha256, sizeBytes, format }: ModelVersion) {
    return { sha256, sizeBytes, path: format === 'OPAQUE' ? 'files.json' : 'model.onnx' };
  }

  @FieldResolver(() => [ArtifactType], {
    description: 'What was logged together as this model, by path. Empty where the model is one file.',
    complexity: listComplexity,
  })
  files(@Root() { id }: ModelVersion, @Ctx() { loaders }: Context): Promise<VersionFile[]> {
    return loaders.filesOfVersion.load(id);
  }

  @FieldResolver(() => [TagType], { description: 'Words about it, by key.', complexity: listComplexity })
  tags(@Root() { tags }: ModelVersion): readonly KeyValue[] {
    return tagList(tags);
  }

  @FieldResolver(() => RunType, {
    nullable: true,
    description: 'Run that made it. Null where none was named.',
  })
  run(@Root() { runId }: ModelVersion, @Ctx() { loaders }: Context): Promise<Run | null> | null {
    return runId && loaders.run.load(runId);
  }

  @FieldResolver(() => [MetricSummaryType], {
    description: 'What was measured for it, and on which data.',
    complexity: listComplexity,
  })
  async metrics(@Root() version: ModelVersion, @Ctx() { loaders }: Context) {
    const metrics = await loaders.metricsOfVersion.load(version.id);
    return metrics.map(({ key, value, datasetVersionId }): MetricSummary => {
      const extremes = { min: null, max: null, minStep: null, maxStep: null, mean: null };
      const single = { lastStep: 0n, lastTimestamp: version.createdAt, count: 1 };
      return { key, last: value, datasetVersionId, ...extremes, ...single };
    });
  }

  @FieldResolver(() => [AliasType], {
    description: 'Aliases that point at it now.',
    complexity: listComplexity,
  })
  aliases(@Root() version: ModelVersion, @Ctx() { loaders }: Context): Promise<Alias[]> {
    return loaders.aliasesOfVersion.load(version.id);
  }
}

@Resolver(() => AliasType)
export class AliasFields {
  @FieldResolver(() => ModelVersionType, { description: 'What it points at.' })
  version(@Root() alias: Alias, @Ctx() { loaders }: Context): Promise<ModelVersion | null> {
    return loaders.modelVersion.load(alias.versionId);
  }

  @FieldResolver(() => [AliasMoveType], {
    description: 'How it moved, newest first.',
    complexity: pageComplexity,
  })
  history(
    @Root() alias: Alias,
    @Arg('first', () => Int, {
      nullable: true,
      description: `Moves wanted: 1 to ${MAX_PAGE_SIZE}; ${DEFAULT_HISTORY_LENGTH} if absent.`,
    })
    first: number | null | undefined,
    @Ctx() { loaders }: Context,
  ): Promise<AliasMove[]> {
    const wanted = first ?? DEFAULT_HISTORY_LENGTH;
    if (wanted < 1 || wanted > MAX_PAGE_SIZE) {
      throw new Failure('BAD_USER_INPUT', `first: expected 1 to ${MAX_PAGE_SIZE}, got ${wanted}.`);
    }
    return loaders.aliasHistory.load({ aliasId: alias.id, first: wanted });
  }
}

@Resolver(() => AliasMoveType)
export class AliasMoveFields {
  @FieldResolver(() => ModelVersionType, {
    description: 'What it points at since then; where it was taken away, what it pointed at until then.',
  })
  version(@Root() move: AliasMove, @Ctx() { loaders }: Context): Promise<ModelVersion | null> {
    return loaders.modelVersion.load(move.versionId);
  }
}

@Resolver(() => RunType)
export class RunVersions {
  @FieldResolver(() => [ModelVersionType], {
    description: 'Versions registered from this run, newest first.',
    complexity: listComplexity,
  })
  registeredVersions(@Root() run: Run, @Ctx() { loaders }: Context): Promise<ModelVersion[]> {
    return loaders.versionsOfRun.load(run.id);
  }
}
