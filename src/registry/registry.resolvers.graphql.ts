import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { requires } from '../auth/auth';
import { namedPage, NamedPageArgs, pageComplexity } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { answer } from '../kernel/user-error.graphql';
import type { Model } from './models/model';
import type { ModelVersion } from './versions/model-version';
import type { Registry } from './registry';
import {
  AliasFields,
  AliasMoveFields,
  ModelFields,
  ModelVersionFields,
  RunVersions,
} from './registry.fields.graphql';
import { ModelConnection, ModelType, ModelVersionType } from './registry.graphql';
import {
  CreateModelInput,
  PromoteModelVersionInput,
  RegisterModelVersionInput,
  RollbackAliasInput,
} from './registry.inputs.graphql';
import { RegistryLifecycleMutations } from './registry.lifecycle.graphql';
import { PromotionFields, RollbackFields } from './registry.result-fields.graphql';
import {
  CreateModelResult,
  PromoteModelVersionResult,
  RegisterModelVersionResult,
  RollbackAliasResult,
} from './registry.results.graphql';

interface Services {
  readonly registry: Registry;
}

@Resolver()
class RegistryQueriesResolver {
  constructor(private readonly services: Services) {}

  @Query(() => ModelType, { nullable: true, description: 'A model by its name. Null where there is none.' })
  model(
    @Arg('name', () => String, { description: 'Name of the model.' }) name: string,
    @Ctx() { actor }: Context,
  ): Promise<Model | null> {
    return this.services.registry.modelByName(actor, name);
  }

  @Query(() => ModelVersionType, {
    nullable: true,
    description: 'A version by its reference. Null where there is none.',
  })
  modelVersion(
    @Arg('ref', () => String, {
      description: '`fraud@2.1.0`, `fraud@production`, or `fraud`, which means its alias `production`.',
    })
    ref: string,
    @Ctx() { actor }: Context,
  ): Promise<ModelVersion | null> {
    return this.services.registry.versionByRef(actor, ref);
  }

  @Query(() => ModelConnection, { description: 'Models, newest first.', complexity: pageComplexity })
  models(@Args(() => NamedPageArgs) args: NamedPageArgs, @Ctx() { actor }: Context) {
    return namedPage(args, (filter, page) => this.services.registry.models(actor, filter, page));
  }
}

@Resolver()
class RegistryMutations {
  constructor(private readonly services: Services) {}

  @Mutation(() => CreateModelResult, {
    description: `Declares a model and its policy, once; an equal one is the model that exists. ${requires('registry:write')}`,
  })
  async createModel(
    @Arg('input', () => CreateModelInput, { description: 'The model and its policy.' })
    input: CreateModelInput,
    @Ctx() { actor }: Context,
  ) {
    const { optimizing, limits, ...rest } = input;
    const policy = {
      optimizing: { ...optimizing, tolerance: optimizing.tolerance ?? 0 },
      limits: limits ?? [],
    };
    return answer(
      'CreateModelSuccess',
      await this.services.registry.createModel(actor, { ...rest, ...policy }),
    );
  }

  @Mutation(() => RegisterModelVersionResult, {
    description: `Proves that the file runs, reads its signature and gives it its number. The file is an ONNX model, or a small JSON document that says which server has the model: that server must be allowed by REMOTE_BACKENDS, and is asked and tried instead. ${requires('registry:write')}`,
  })
  async registerModelVersion(
    @Arg('input', () => RegisterModelVersionInput, { description: 'The file, and what is known of it.' })
    input: RegisterModelVersionInput,
    @Ctx() { actor }: Context,
  ) {
    const { artifact, ...rest } = input;
    const registration = { ...rest, sha256: artifact.sha256 };
    return answer(
      'RegisterModelVersionSuccess',
      await this.services.registry.registerVersion(actor, registration),
    );
  }

  @Mutation(() => PromoteModelVersionResult, {
    description: `Runs the gates and, if all pass, moves the alias to the version. ${requires('registry:promote')}`,
  })
  async promoteModelVersion(
    @Arg('input', () => PromoteModelVersionInput, { description: 'Which version, and where.' })
    input: PromoteModelVersionInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('PromoteModelVersionSuccess', await this.services.registry.promote(actor, input));
  }

  @Mutation(() => RollbackAliasResult, {
    description: `Moves the alias back to the version that was live before, without gates. ${requires('registry:promote')}`,
  })
  async rollbackAlias(
    @Arg('input', () => RollbackAliasInput, { description: 'Which alias, and why.' })
    input: RollbackAliasInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('RollbackAliasSuccess', await this.services.registry.rollBack(actor, input));
  }
}

export const REGISTRY_RESOLVERS = [
  RegistryQueriesResolver,
  RegistryMutations,
  RegistryLifecycleMutations,
  ModelFields,
  ModelVersionFields,
  AliasFields,
  AliasMoveFields,
  PromotionFields,
  RollbackFields,
  RunVersions,
] as const;
