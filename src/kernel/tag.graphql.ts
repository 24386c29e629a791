import { Field, InputType, ObjectType } from 'type-graphql';

@ObjectType('Tag', { description: 'A word about a thing.' })
export class TagType {
  @Field(() => String, { description: 'Unique on the thing.' })
  readonly key!: string;

  @Field(() => String, { description: 'The value, as text.' })
  readonly value!: string;
}

@InputType('TagInput', { description: 'A word about a thing.' })
export class TagInput {
  @Field(() => String, { description: 'Any text of 1 to 250 characters.' })
  readonly key!: string;

  @Field(() => String, {
    description: 'Any text: of at most 8,000 characters on a run or an experiment, else of 6,000.',
  })
  readonly value!: string;
}
