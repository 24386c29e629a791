import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { requires } from '../auth/auth';
import type { Context } from '../kernel/context.graphql';
import {
  answer,
  InUseErrorType,
  InvalidInputErrorType,
  NameConflictErrorType,
  NotFoundErrorType,
  resultUnion,
} from '../kernel/user-error.graphql';
import { TagInput } from '../kernel/tag.graphql';
import type { Model } from './models/model';
import type { ModelVersion } from './versions/model-version';
import type { Registry } from './registry';
import { ModelType, ModelVersionType } from './registry.graphql';

const PUT_TAGS = 'Tags to put, each key once; one that is there gets the new value.';
const REMOVE_TAGS =
  'Keys of tags to take away, before `tags` are put. Those that are not there are no fault.';
const VERSION = 'The version: `fraud@2.1.0`, or an alias that points at it.';

@InputType('UpdateModelInput', { description: 'What is to change of a model.' })
class UpdateModelInput {
  @Field(() => String, { description: 'Name of the model.' })
  readonly model!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Its new name, unique in the project. Refused while an endpoint names the model.',
  })
  readonly name?: string | null;

  @Field(() => String, { nullable: true, description: 'As it is if absent.' })
  readonly description?: string | null;

  @Field(() => [TagInput], { nullable: true, description: PUT_TAGS })
  readonly tags?: readonly TagInput[] | null;

  @Field(() => [String], { nullable: true, description: REMOVE_TAGS })
  readonly removeTags?: readonly string[] | null;
}

@InputType('UpdateModelVersionInput', { description: 'What is to be said otherwise of a version.' })
class UpdateModelVersionInput {
  @Field(() => String, { description: VERSION })
  readonly ref!: string;

  @Field(() => String, { nullable: true, description: 'As it is if absent.' })
  readonly description?: string | null;

  @Field(() => [TagInput], { nullable: true, description: PUT_TAGS })
  readonly tags?: readonly TagInput[] | null;

  @Field(() => [String], { nullable: true, description: REMOVE_TAGS })
  readonly removeTags?: readonly string[] | null;
}

@InputType('DeleteModelInput', { description: 'Which model is to go.' })
class DeleteModelInput {
  @Field(() => String, { description: 'Name of the model.' })
  readonly model!: string;
}

@InputType('DeleteModelVersionInput', { description: 'Which version is to go.' })
class DeleteModelVersionInput {
  @Field(() => String, { description: VERSION })
  readonly ref!: string;
}

@InputType('RemoveAliasInput', { description: 'Which alias is to go.' })
class RemoveAliasInput {
  @Field(() => String, { description: 'Name of the model.' })
  readonly model!: string;

  @Field(() => String, { description: 'Name of the alias.' })
  readonly alias!: string;

  @Field(() => String, { nullable: true, description: 'Why, for the history.' })
  readonly reason?: string | null;
}

@ObjectType('ModelSuccess', { description: 'The model was changed.' })
class ModelSuccess {
  @Field(() => ModelType, { description: 'The model as it is now.' })
  readonly model!: Model;
}

@ObjectType('ModelVersionSuccess', { description: 'The version was changed.' })
class ModelVersionSuccess {
  @Field(() => ModelVersionType, { description: 'The version as it is now.' })
  readonly version!: ModelVersion;
}

@ObjectType('RemoveAliasSuccess', { description: 'The alias is gone.' })
class RemoveAliasSuccess {
  @Field(() => ModelVersionType, { description: 'What it pointed at.' })
  readonly version!: ModelVersion;
}

const UpdateModelResult = resultUnion('UpdateModelResult', [
  ModelSuccess,
  NotFoundErrorType,
  NameConflictErrorType,
  InUseErrorType,
  InvalidInputErrorType,
]);
const DeleteModelResult = resultUnion('DeleteModelResult', [ModelSuccess, NotFoundErrorType, InUseErrorType]);
const UpdateModelVersionResult = resultUnion('UpdateModelVersionResult', [
  ModelVersionSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
]);
const DeleteModelVersionResult = resultUnion('DeleteModelVersionResult', [
  ModelVersionSuccess,
  NotFoundErrorType,
  InUseErrorType,
]);
const RemoveAliasResult = resultUnion('RemoveAliasResult', [
  RemoveAliasSuccess,
  NotFoundErrorType,
  InUseErrorType,
  InvalidInputErrorType,
]);

/** How models and versions change their words, and how they and aliases go. */
@Resolver()
export class RegistryLifecycleMutations {
  constructor(private readonly services: { readonly registry: Registry }) {}

  @Mutation(() => UpdateModelResult, {
    description: `Changes a model's name, description and tags. ${requires('registry:write')}`,
  })
  async updateModel(
    @Arg('input', () => UpdateModelInput, { description: 'The model and what is to change.' })
    input: UpdateModelInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('ModelSuccess', await this.services.registry.updateModel(actor, input));
  }

  @Mutation(() => DeleteModelResult, {
    description: `Deletes a model with its versions. Refused while an alias or an endpoint leads to one of them. ${requires('registry:write')}`,
  })
  async deleteModel(
    @Arg('input', () => DeleteModelInput, { description: 'The model.' }) { model }: DeleteModelInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('ModelSuccess', await this.services.registry.deleteModel(actor, model));
  }

  @Mutation(() => UpdateModelVersionResult, {
    description: `Changes what is said of a version: its description and tags. ${requires('registry:write')}`,
  })
  async updateModelVersion(
    @Arg('input', () => UpdateModelVersionInput, { description: 'The version and what is to change.' })
    input: UpdateModelVersionInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('ModelVersionSuccess', await this.services.registry.updateVersion(actor, input));
  }

  @Mutation(() => DeleteModelVersionResult, {
    description: `Deletes a version; its number is never given again. Refused while an alias or an endpoint leads to it. ${requires('registry:write')}`,
  })
  async deleteModelVersion(
    @Arg('input', () => DeleteModelVersionInput, { description: 'The version.' })
    { ref }: DeleteModelVersionInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('ModelVersionSuccess', await this.services.registry.deleteVersion(actor, ref));
  }

  @Mutation(() => RemoveAliasResult, {
    description: `Takes an alias away; its history stays. Refused while an endpoint follows it. ${requires('registry:promote')}`,
  })
  async removeAlias(
    @Arg('input', () => RemoveAliasInput, { description: 'The alias, and why.' }) input: RemoveAliasInput,
    @Ctx() { actor, loaders }: Context,
  ) {
    const removed = await this.services.registry.removeAlias(actor, input);
    const result = removed.ok
      ? { ok: true as const, version: await loaders.modelVersion.load(removed.alias.versionId) }
      : removed;
    return answer('RemoveAliasSuccess', result);
  }
}
