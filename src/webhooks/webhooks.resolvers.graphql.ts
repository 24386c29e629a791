import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { requires } from '../auth/auth';
import { PageArgs, pageComplexity, pageRequest, toConnection } from '../kernel/connection.graphql';
import type { Context } from '../kernel/context.graphql';
import { encodeNodeId } from '../kernel/ids';
import { answer, InvalidInputErrorType, NotFoundErrorType, resultUnion } from '../kernel/user-error.graphql';
import type { DeliveryState, Webhook, WebhookEvent, Webhooks, WebhookStatus } from './webhooks';
import {
  DeliveryConnection,
  DeliveryStateEnum,
  WebhookConnection,
  WebhookEventEnum,
  WebhookStatusEnum,
  WebhookType,
} from './webhooks.graphql';

interface Services {
  readonly webhooks: Webhooks;
}

const NAME = 'A name to talk about, of 1 to 255 characters.';
const URL_WORDS =
  'Where it is posted to: `http://` or `https://`, on the public internet or where the server’s `WEBHOOK_PRIVATE_HOSTS` allows it.';
const EVENTS = 'What it is told of, at least one.';
const WEBHOOK_ID = 'Id of the webhook.';

@InputType('CreateWebhookInput', { description: 'Who is to be told of what.' })
class CreateWebhookInput {
  @Field(() => String, { description: NAME })
  readonly name!: string;

  @Field(() => String, { description: URL_WORDS })
  readonly url!: string;

  @Field(() => [WebhookEventEnum], { description: EVENTS })
  readonly events!: readonly WebhookEvent[];

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  readonly description?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What signs its deliveries, in `X-MLflow-Signature`. It is never shown again.',
  })
  readonly secret?: string | null;

  @Field(() => WebhookStatusEnum, { nullable: true, description: '`ACTIVE` if absent.' })
  readonly status?: WebhookStatus | null;
}

@InputType('UpdateWebhookInput', {
  description: 'What is to change of a webhook. What is absent stays as it is.',
})
class UpdateWebhookInput {
  @Field(() => ID, { description: WEBHOOK_ID })
  readonly webhookId!: string;

  @Field(() => String, { nullable: true, description: NAME })
  readonly name?: string | null;

  @Field(() => String, { nullable: true, description: URL_WORDS })
  readonly url?: string | null;

  @Field(() => [WebhookEventEnum], { nullable: true, description: EVENTS })
  readonly events?: readonly WebhookEvent[] | null;

  @Field(() => String, { nullable: true, description: 'What it is for. Null takes it away.' })
  readonly description?: string | null;

  @Field(() => String, { nullable: true, description: 'Another secret; the empty text takes it away.' })
  readonly secret?: string | null;

  @Field(() => WebhookStatusEnum, { nullable: true, description: 'Whether it is told anything.' })
  readonly status?: WebhookStatus | null;
}

@InputType('DeleteWebhookInput', { description: 'Which webhook is to go.' })
class DeleteWebhookInput {
  @Field(() => ID, { description: WEBHOOK_ID })
  readonly webhookId!: string;
}

@InputType('TestWebhookInput', { description: 'Which webhook is to be sent an example.' })
class TestWebhookInput {
  @Field(() => ID, { description: WEBHOOK_ID })
  readonly webhookId!: string;

  @Field(() => WebhookEventEnum, { nullable: true, description: 'Of what; of its first event if absent.' })
  readonly event?: WebhookEvent | null;
}

@ObjectType('WebhookTest', { description: 'How a receiver answered an example.' })
class WebhookTestType {
  @Field(() => Boolean, { description: 'Whether it answered with a status of 200 to 299.' })
  readonly success!: boolean;

  @Field(() => Int, { nullable: true, description: 'Status of its answer. Null where there was none.' })
  readonly responseStatus!: number | null;

  @Field(() => String, { nullable: true, description: 'The beginning of its answer.' })
  readonly responseBody!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it could not be asked. Null where it could.' })
  readonly error!: string | null;
}

@ObjectType('CreateWebhookSuccess', { description: 'The webhook is there.' })
class CreateWebhookSuccess {
  @Field(() => WebhookType, { description: 'The webhook.' })
  readonly webhook!: Webhook;
}
@ObjectType('UpdateWebhookSuccess', { description: 'The webhook was changed.' })
class UpdateWebhookSuccess {
  @Field(() => WebhookType, { description: 'The webhook as it is now.' })
  readonly webhook!: Webhook;
}
@ObjectType('DeleteWebhookSuccess', {
  description: 'The webhook is gone, with the record of its deliveries.',
})
class DeleteWebhookSuccess {
  @Field(() => String, { description: 'The name that it had.' })
  readonly name!: string;
}
@ObjectType('TestWebhookSuccess', { description: 'An example was sent.' })
class TestWebhookSuccess {
  @Field(() => WebhookTestType, { description: 'What came of it.' })
  readonly test!: WebhookTestType;
}

const CreateWebhookResult = resultUnion('CreateWebhookResult', [CreateWebhookSuccess, InvalidInputErrorType]);
const UpdateWebhookResult = resultUnion('UpdateWebhookResult', [
  UpdateWebhookSuccess,
  NotFoundErrorType,
  InvalidInputErrorType,
]);
const DeleteWebhookResult = resultUnion('DeleteWebhookResult', [DeleteWebhookSuccess, NotFoundErrorType]);
const TestWebhookResult = resultUnion('TestWebhookResult', [TestWebhookSuccess, NotFoundErrorType]);

@ArgsType()
class DeliveriesArgs extends PageArgs {
  @Field(() => DeliveryStateEnum, { nullable: true, description: 'Only those; all if absent.' })
  readonly state?: DeliveryState | null;
}

@Resolver()
class WebhookOperations {
  constructor(private readonly services: Services) {}

  @Query(() => WebhookConnection, {
    complexity: pageComplexity,
    description: `Who is told of what, newest first. ${requires('webhook:manage')}`,
  })
  async webhooks(@Args(() => PageArgs) args: PageArgs, @Ctx() { actor }: Context) {
    return toConnection(await this.services.webhooks.page(actor, pageRequest(args, 1)));
  }

  @Mutation(() => CreateWebhookResult, {
    description: `Has an address told of what happens in the project. ${requires('webhook:manage')}`,
  })
  async createWebhook(
    @Arg('input', () => CreateWebhookInput, { description: 'The address and the events.' })
    input: CreateWebhookInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('CreateWebhookSuccess', await this.services.webhooks.create(actor, input));
  }

  @Mutation(() => UpdateWebhookResult, {
    description: `Changes a webhook; deliveries that are due go to its new address. ${requires('webhook:manage')}`,
  })
  async updateWebhook(
    @Arg('input', () => UpdateWebhookInput, { description: 'The webhook and what is to change.' })
    input: UpdateWebhookInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('UpdateWebhookSuccess', await this.services.webhooks.update(actor, input));
  }

  @Mutation(() => DeleteWebhookResult, {
    description: `Deletes a webhook; what was due is not told any more. ${requires('webhook:manage')}`,
  })
  async deleteWebhook(
    @Arg('input', () => DeleteWebhookInput, { description: 'The webhook.' })
    { webhookId }: DeleteWebhookInput,
    @Ctx() { actor }: Context,
  ) {
    const result = await this.services.webhooks.delete(actor, webhookId);
    return answer('DeleteWebhookSuccess', result.ok ? { ok: true, name: result.webhook.name } : result);
  }

  @Mutation(() => TestWebhookResult, {
    description: `Sends a webhook an example at once, and says what it answered. ${requires('webhook:manage')}`,
  })
  async testWebhook(
    @Arg('input', () => TestWebhookInput, { description: 'The webhook and the event.' })
    { webhookId, event }: TestWebhookInput,
    @Ctx() { actor }: Context,
  ) {
    return answer('TestWebhookSuccess', await this.services.webhooks.test(actor, webhookId, event ?? null));
  }
}

@Resolver(() => WebhookType)
class WebhookFields {
  constructor(private readonly services: Services) {}

  @FieldResolver(() => ID, { description: 'Opaque id; MLflow’s clients know it by the same.' })
  id(@Root() webhook: Webhook): string {
    return encodeNodeId('webhook', webhook.id);
  }

  @FieldResolver(() => DeliveryConnection, {
    complexity: pageComplexity,
    description: 'What it was told, newest first, and what is still due.',
  })
  async deliveries(
    @Root() { id }: Webhook,
    @Args(() => DeliveriesArgs) args: DeliveriesArgs,
    @Ctx() { actor }: Context,
  ) {
    const page = pageRequest(args, 1);
    return toConnection(await this.services.webhooks.deliveries(actor, id, args.state ?? null, page));
  }
}

export const WEBHOOKS_RESOLVERS = [WebhookOperations, WebhookFields];
