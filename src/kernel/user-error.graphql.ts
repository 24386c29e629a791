import { createUnionType, Field, Int, InterfaceType, ObjectType, type ClassType } from 'type-graphql';
import type { Refusal, UserError } from './errors';
import type { Typed } from './node.graphql';

@InterfaceType('UserError', {
  description: 'A refusal that the caller can act on. New kinds may be added: always select `message`.',
})
export abstract class UserErrorType {
  @Field(() => String, { description: 'Stable code for programs.' })
  readonly code!: string;

  @Field(() => String, { description: 'One sentence for a person: what was wrong, and what to do.' })
  readonly message!: string;
}

@ObjectType('InputIssue', { description: 'One thing that is wrong with an input.' })
export class InputIssueType {
  @Field(() => String, { description: 'Where: the path inside the input.' })
  readonly path!: string;

  @Field(() => String, { description: 'What was expected there.' })
  readonly expected!: string;

  @Field(() => String, { description: 'What came instead.' })
  readonly actual!: string;
}

@ObjectType('InvalidInputError', {
  implements: UserErrorType,
  description: 'The input breaks a rule. Nothing was changed.',
})
export class InvalidInputErrorType extends UserErrorType {
  @Field(() => [InputIssueType], { description: 'Everything that is wrong.' })
  readonly issues!: readonly InputIssueType[];
}

@ObjectType('NotFoundError', {
  implements: UserErrorType,
  description: 'Something that the input names does not exist, or is hidden from the caller.',
})
export class NotFoundErrorType extends UserErrorType {}

@ObjectType('NameConflictError', {
  implements: UserErrorType,
  description: 'The name is taken by something that differs.',
})
export class NameConflictErrorType extends UserErrorType {}

@ObjectType('InUseError', {
  implements: UserErrorType,
  description: 'Something leads to it, and would lead nowhere. Nothing was changed.',
})
export class InUseErrorType extends UserErrorType {}

@ObjectType('InvalidArtifactError', {
  implements: UserErrorType,
  description: 'The uploaded bytes cannot be used for this. Nothing was changed.',
})
export class InvalidArtifactErrorType extends UserErrorType {}

@ObjectType('RevisionConflictError', {
  implements: UserErrorType,
  description: 'Somebody else was first: `expectedRevision` is out of date. Nothing was changed.',
})
export class RevisionConflictErrorType extends UserErrorType {
  @Field(() => Int, { description: 'The revision that is current.' })
  readonly actualRevision!: number;
}

/** The union of a mutation's success type and its refusals. */
export const resultUnion = (name: string, members: readonly [ClassType<object>, ...ClassType<object>[]]) =>
  createUnionType({
    name,
    description: `What \`${name.charAt(0).toLowerCase()}${name.slice(1, -'Result'.length)}\` answers.`,
    types: () => members,
  });

/** Turns a use case's result into a member of the mutation's union. */
export function answer<Success extends { readonly ok: true }>(
  successType: string,
  result: Success | Refusal<UserError>,
): Typed {
  return result.ok
    ? { ...result, __typename: successType }
    : { ...result.error, __typename: result.error.kind };
}
