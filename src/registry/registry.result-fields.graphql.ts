import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../kernel/context.graphql';
import type { ModelVersion, ModelVersionId } from './versions/model-version';
import { ModelVersionType } from './registry.graphql';
import { PromoteModelVersionSuccess, RollbackAliasSuccess } from './registry.results.graphql';

@Resolver(() => PromoteModelVersionSuccess)
export class PromotionFields {
  @FieldResolver(() => ModelVersionType, {
    nullable: true,
    description: 'What was live before. Null where nothing was.',
  })
  previous(
    @Root() { previousId }: { readonly previousId: ModelVersionId | null },
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion | null> | null {
    return previousId && loaders.modelVersion.load(previousId);
  }
}

@Resolver(() => RollbackAliasSuccess)
export class RollbackFields {
  @FieldResolver(() => ModelVersionType, { description: 'What was live until now.' })
  from(
    @Root() { fromId }: { readonly fromId: ModelVersionId },
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion | null> {
    return loaders.modelVersion.load(fromId);
  }
}
