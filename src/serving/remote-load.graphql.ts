import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import type { RemoteStatus } from './serving';

const RemoteStateEnum = {
  READY: 'READY',
  DOWN: 'DOWN',
  ON_TRIAL: 'ON_TRIAL',
  UNKNOWN: 'UNKNOWN',
} as const satisfies Record<RemoteStatus['state'], RemoteStatus['state']>;
registerEnumType(RemoteStateEnum, {
  name: 'RemoteState',
  description: 'Whether a model that another server has is asked.',
  valuesConfig: {
    READY: { description: 'It is asked.' },
    DOWN: { description: 'Its last calls failed: nobody asks it until it says that it is ready.' },
    ON_TRIAL: { description: 'It says that it is ready: the next call decides.' },
    UNKNOWN: {
      description: 'Nothing that this process asked of it was answered yet. `reason` says why not.',
    },
  },
});

@ObjectType('RemoteModel', { description: 'A model that another server has, as this process finds it.' })
export class RemoteModelType {
  @Field(() => String, { description: 'The protocol: `open-inference` or `tf-serving`.' })
  readonly backend!: string;

  @Field(() => String, { description: 'The server, for example `grpc://triton:8001`.' })
  readonly origin!: string;

  @Field(() => String, { description: 'What the server calls the model.' })
  readonly model!: string;

  @Field(() => String, { description: 'Its version there. Empty: the server’s choice.' })
  readonly version!: string;

  @Field(() => RemoteStateEnum, { description: 'Whether it is asked.' })
  readonly state!: RemoteStatus['state'];

  @Field(() => String, {
    nullable: true,
    description: 'Why its last call failed, or why its metadata could not be read. Null where all is well.',
  })
  readonly reason!: string | null;

  @Field(() => DateTimeScalar, { description: 'When this process came to think so.' })
  readonly since!: Date;

  @Field(() => Int, { description: 'Calls on their way to its server.' })
  readonly inFlight!: number;

  @Field(() => Int, { description: 'The most calls that may be.' })
  readonly maxInFlight!: number;
}
