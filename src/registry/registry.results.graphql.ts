import { Field, ObjectType } from 'type-graphql';
import {
  InvalidArtifactErrorType,
  InvalidInputErrorType,
  NameConflictErrorType,
  NotFoundErrorType,
  resultUnion,
  RevisionConflictErrorType,
  UserErrorType,
} from '../kernel/user-error.graphql';
import type { Alias } from './aliases/alias';
import type { Model } from './models/model';
import type { ModelVersion } from './versions/model-version';
import { AliasType, GateResultType, ModelType, ModelVersionType } from './registry.graphql';

@ObjectType('CreateModelSuccess', { description: 'The model with this policy.' })
class CreateModelSuccess {
  @Field(() => ModelType, { description: 'New, or the one that has this policy.' })
  readonly model!: Model;

  @Field(() => Boolean, { description: 'False where the model existed already.' })
  readonly created!: boolean;
}

@ObjectType('RegisterModelVersionSuccess', {
  description: 'The version that is this file. It can be served.',
})
class RegisterModelVersionSuccess {
  @Field(() => ModelVersionType, { description: 'New, or the one that has the same bytes already.' })
  readonly version!: ModelVersion;

  @Field(() => Boolean, {
    description:
      'False where the same bytes were a version of this model already: that stays as it is, whatever else is said of them.',
  })
  readonly created!: boolean;
}

@ObjectType('PromoteModelVersionSuccess', {
  description: 'Every gate passed; the alias points at the version.',
})
export class PromoteModelVersionSuccess {
  @Field(() => AliasType, { description: 'The alias as it is now; for a dry run, as it would be.' })
  readonly alias!: Alias;

  @Field(() => [GateResultType], { description: 'What each gate found.' })
  readonly gates!: readonly GateResultType[];
}

@ObjectType('GateNotPassedError', {
  implements: UserErrorType,
  description: 'A gate did not pass. Nothing was changed.',
})
class GateNotPassedErrorType extends UserErrorType {
  @Field(() => [GateResultType], { description: 'What each gate found, those that passed included.' })
  readonly gates!: readonly GateResultType[];
}

@ObjectType('RollbackAliasSuccess', { description: 'What was live before is live again.' })
export class RollbackAliasSuccess {
  @Field(() => AliasType, { description: 'The alias as it is now.' })
  readonly alias!: Alias;
}

@ObjectType('NothingToRollBackError', {
  implements: UserErrorType,
  description: 'Nothing was live before. Nothing was changed.',
})
class NothingToRollBackErrorType extends UserErrorType {}

export const CreateModelResult = resultUnion('CreateModelResult', [
  CreateModelSuccess,
  NameConflictErrorType,
  InvalidInputErrorType,
]);

export const RegisterModelVersionResult = resultUnion('RegisterModelVersionResult', [
  RegisterModelVersionSuccess,
  InvalidArtifactErrorType,
  InvalidInputErrorType,
  NotFoundErrorType,
]);

export const PromoteModelVersionResult = resultUnion('PromoteModelVersionResult', [
  PromoteModelVersionSuccess,
  GateNotPassedErrorType,
  RevisionConflictErrorType,
  NotFoundErrorType,
  InvalidInputErrorType,
]);

export const RollbackAliasResult = resultUnion('RollbackAliasResult', [
  RollbackAliasSuccess,
  RevisionConflictErrorType,
  NothingToRollBackErrorType,
  NotFoundErrorType,
  InvalidInputErrorType,
]);
