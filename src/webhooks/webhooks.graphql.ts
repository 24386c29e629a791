import DataLoader from 'dataloader';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Actor } from '../kernel/actor';
import { connectionOf } from '../kernel/connection.graphql';
import type { Loaders } from '../kernel/context.graphql';
import { NodeType, type NodeResolvers } from '../kernel/node.graphql';
import { DateTimeScalar } from '../kernel/scalars.graphql';
import type {
  Delivery,
  DeliveryState,
  Webhook,
  WebhookEvent,
  WebhookId,
  Webhooks,
  WebhookStatus,
} from './webhooks';

declare module '../kernel/context.graphql' {
  interface Loaders {
    readonly webhook: DataLoader<WebhookId, Webhook | null>;
  }
}

export const webhooksLoaders = (
  { webhooks }: { readonly webhooks: Webhooks },
  actor: Actor,
): Pick<Loaders, 'webhook'> => ({ webhook: new DataLoader((ids) => webhooks.byIds(actor, ids)) });

export const webhooksNodes: NodeResolvers = {
  webhook: { type: 'Webhook', load: ({ webhook }: Loaders, id) => webhook.load(id as WebhookId) },
};

/** Names in the schema, which have no dots. */
export const WebhookEventEnum = {
  REGISTERED_MODEL_CREATED: 'registered_model.created',
  MODEL_VERSION_CREATED: 'model_version.created',
  MODEL_VERSION_TAG_SET: 'model_version_tag.set',
  MODEL_VERSION_TAG_DELETED: 'model_version_tag.deleted',
  MODEL_VERSION_ALIAS_CREATED: 'model_version_alias.created',
  MODEL_VERSION_ALIAS_DELETED: 'model_version_alias.deleted',
  PROMPT_CREATED: 'prompt.created',
  PROMPT_VERSION_CREATED: 'prompt_version.created',
  PROMPT_TAG_SET: 'prompt_tag.set',
  PROMPT_TAG_DELETED: 'prompt_tag.deleted',
  PROMPT_VERSION_TAG_SET: 'prompt_version_tag.set',
  PROMPT_VERSION_TAG_DELETED: 'prompt_version_tag.deleted',
  PROMPT_ALIAS_CREATED: 'prompt_alias.created',
  PROMPT_ALIAS_DELETED: 'prompt_alias.deleted',
  RUN_CREATED: 'run.created',
  RUN_FINISHED: 'run.finished',
  RUN_FAILED: 'run.failed',
  RUN_KILLED: 'run.killed',
} as const satisfies Readonly<Record<string, WebhookEvent>>;
registerEnumType(WebhookEventEnum, {
  name: 'WebhookEvent',
  description: 'What a webhook is told of.',
  valuesConfig: {
    REGISTERED_MODEL_CREATED: { description: 'A model was made.' },
    MODEL_VERSION_CREATED: { description: 'A version was registered.' },
    MODEL_VERSION_TAG_SET: { description: 'A version got a tag, or another value of one.' },
    MODEL_VERSION_TAG_DELETED: { description: 'A version lost a tag.' },
    MODEL_VERSION_ALIAS_CREATED: { description: 'An alias was made or moved.' },
    MODEL_VERSION_ALIAS_DELETED: { description: 'An alias was removed.' },
    PROMPT_CREATED: { description: 'A prompt of MLflow’s was made.' },
    PROMPT_VERSION_CREATED: { description: 'A prompt got a version.' },
    PROMPT_TAG_SET: { description: 'A prompt got a tag, or another value of one.' },
    PROMPT_TAG_DELETED: { description: 'A prompt lost a tag.' },
    PROMPT_VERSION_TAG_SET: { description: 'A version of a prompt got a tag, or another value of one.' },
    PROMPT_VERSION_TAG_DELETED: { description: 'A version of a prompt lost a tag.' },
    PROMPT_ALIAS_CREATED: { description: 'An alias of a prompt was made or moved.' },
    PROMPT_ALIAS_DELETED: { description: 'An alias of a prompt was removed.' },
    RUN_CREATED: { description: 'A run was made.' },
    RUN_FINISHED: { description: 'A run came to its end.' },
    RUN_FAILED: { description: 'A run broke.' },
    RUN_KILLED: { description: 'Somebody stopped a run.' },
  },
});

export const WebhookStatusEnum = { ACTIVE: 'ACTIVE', DISABLED: 'DISABLED' } as const satisfies {
  readonly [Status in WebhookStatus]: Status;
};
registerEnumType(WebhookStatusEnum, {
  name: 'WebhookStatus',
  description: 'Whether a webhook is told anything.',
  valuesConfig: {
    ACTIVE: { description: 'It is told what happens.' },
    DISABLED: { description: 'It is told nothing; what was due is given up.' },
  },
});

export const DeliveryStateEnum = {
  PENDING: 'PENDING',
  DELIVERED: 'DELIVERED',
  FAILED: 'FAILED',
} as const satisfies { readonly [State in DeliveryState]: State };
registerEnumType(DeliveryStateEnum, {
  name: 'WebhookDeliveryState',
  description: 'How far a delivery has come.',
  valuesConfig: {
    PENDING: { description: 'It is to be sent, perhaps again.' },
    DELIVERED: { description: 'The receiver took it.' },
    FAILED: { description: 'The receiver refused it, or could not be reached for too long.' },
  },
});

@ObjectType('Webhook', {
  implements: NodeType,
  description: 'An address that is told of what happens, by HTTP POST. Its secret is never shown.',
})
export class WebhookType {
  @Field(() => String, { description: 'A name to talk about.' })
  readonly name!: string;

  @Field(() => String, { description: 'Where it is posted to.' })
  readonly url!: string;

  @Field(() => [WebhookEventEnum], { description: 'What it is told of.' })
  readonly events!: readonly WebhookEvent[];

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  readonly description!: string | null;

  @Field(() => WebhookStatusEnum, { description: 'Whether it is told anything.' })
  readonly status!: WebhookStatus;

  @Field(() => Boolean, { description: 'Whether its deliveries are signed.' })
  readonly hasSecret!: boolean;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  readonly createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'When it was changed last.' })
  readonly updatedAt!: Date;
}

@ObjectType('WebhookDelivery', {
  description: 'One thing that a webhook is told, and how that went. Kept for 30 days.',
})
export class DeliveryType {
  @Field(() => ID, {
    description: 'What its receiver sees as `X-MLflow-Delivery-Id`, at each attempt the same.',
  })
  readonly id!: string;

  @Field(() => WebhookEventEnum, { description: 'What happened.' })
  readonly event!: WebhookEvent;

  @Field(() => String, { description: 'The JSON that is posted.' })
  readonly body!: string;

  @Field(() => DeliveryStateEnum, { description: 'How far it has come.' })
  readonly state!: DeliveryState;

  @Field(() => Int, { description: 'How often it was tried.' })
  readonly attempts!: number;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it is tried next. Null once it is over.',
  })
  readonly dueAt!: Date | null;

  @Field(() => Int, { nullable: true, description: 'Status of the last answer. Null where there was none.' })
  readonly responseStatus!: number | null;

  @Field(() => String, { nullable: true, description: 'Why the last attempt failed. Null where it did not.' })
  readonly error!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it happened.' })
  readonly createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was delivered or given up.' })
  readonly endedAt!: Date | null;
}

export const WebhookConnection = connectionOf<Webhook>('Webhook', () => WebhookType);
export const DeliveryConnection = connectionOf<Delivery>('WebhookDelivery', () => DeliveryType);
