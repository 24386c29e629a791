import { encodeNodeId } from '../kernel/ids';
import type { DomainEvent } from '../kernel/outbox';
import type {
  AliasMovedEvent,
  AliasRemovedEvent,
  ModelCreatedEvent,
  TagsChanged,
  TagsChangedEvent,
  VersionRegistered,
  VersionRegisteredEvent,
} from '../registry/registry.events';
import type { RunEndedEvent, RunStarted, RunStartedEvent } from '../tracking/tracking.events';
import type { WebhookEvent } from './webhook-event';

/** What a webhook is told of one event. */
export interface Told {
  readonly event: WebhookEvent;
  readonly data: Readonly<Record<string, unknown>>;
}

type ToldEvent =
  | ModelCreatedEvent
  | VersionRegisteredEvent
  | TagsChangedEvent
  | AliasMovedEvent
  | AliasRemovedEvent
  | RunStartedEvent
  | RunEndedEvent;

/** Tags by which MLflow's clients tell prompts, and in which they keep their words. */
const PROMPT_TAGS = ['mlflow.prompt.is_prompt', 'mlflow.prompt.text', '_mlflow_prompt_type'];
const PROMPT_TEXT = 'mlflow.prompt.text';

/** What webhooks may be told of what happened: the shapes are MLflow's, those of runs ours. None for most events. */
export function toldOf(domainEvent: DomainEvent): readonly Told[] {
  const event = domainEvent as ToldEvent;
  switch (event.type) {
    case 'registry.model-created': {
      const { name, tags, description, isPrompt } = event.payload;
      const data = { name, tags: isPrompt ? wordsOf(tags) : tags, description: description || null };
      return [{ event: isPrompt ? 'prompt.created' : 'registered_model.created', data }];
    }
    case 'registry.version-registered':
      return [versionCreated(event.payload)];
    case 'registry.tags-changed':
      return tagsChanged(event.payload);
    case 'registry.alias-moved': {
      const { modelName: name, alias, ordinal, isPrompt } = event.payload;
      const data = { name, alias, version: String(ordinal) };
      return [{ event: isPrompt ? 'prompt_alias.created' : 'model_version_alias.created', data }];
    }
    case 'registry.alias-removed': {
      const { modelName: name, alias, isPrompt } = event.payload;
      return [
        { event: isPrompt ? 'prompt_alias.deleted' : 'model_version_alias.deleted', data: { name, alias } },
      ];
    }
    case 'tracking.run-started':
      return [{ event: 'run.created', data: runData(event.payload) }];
    case 'tracking.run-ended': {
      const { status } = event.payload;
      const name = RUN_EVENTS[status];
      return [{ event: name, data: { ...runData(event.payload), status } }];
    }
    default:
      return [];
  }
}

const RUN_EVENTS = { FINISHED: 'run.finished', FAILED: 'run.failed', KILLED: 'run.killed' } as const;

function versionCreated(payload: VersionRegistered): Told {
  const { modelName: name, ordinal, tags, sha256, source, runId, isPrompt } = payload;
  const version = String(ordinal);
  const description = payload.description || null;
  if (isPrompt) {
    const data = { name, version, template: tags[PROMPT_TEXT] ?? null, tags: wordsOf(tags), description };
    return { event: 'prompt_version.created', data };
  }
  const data = {
    ...{ name, version, source: source ?? `modelgraph:/artifacts/sha256/${sha256}` },
    ...{ run_id: runId && encodeNodeId('run', runId), tags, description },
  };
  return { event: 'model_version.created', data };
}

/** One for each tag. MLflow has no words for tags of models, but of prompts. */
function tagsChanged({ modelName: name, ordinal, set, removed, isPrompt }: TagsChanged): readonly Told[] {
  if (ordinal === null && !isPrompt) return [];
  const thing =
    ordinal === null
      ? 'prompt_tag'
      : isPrompt
        ? ('prompt_version_tag' as const)
        : ('model_version_tag' as const);
  const place = ordinal === null ? { name } : { name, version: String(ordinal) };
  return [
    ...set.map(({ key, value }): Told => ({ event: `${thing}.set`, data: { ...place, key, value } })),
    ...removed.map((key): Told => ({ event: `${thing}.deleted`, data: { ...place, key } })),
  ];
}

const wordsOf = (tags: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !PROMPT_TAGS.includes(key)));

const runData = ({ runId, name, experimentId }: Pick<RunStarted, 'runId' | 'name' | 'experimentId'>) => ({
  run_id: encodeNodeId('run', runId),
  run_name: name,
  experiment_id: encodeNodeId('experiment', experimentId),
});

/** What a webhook is sent when somebody wants to see whether it works. */
export function exampleOf(event: WebhookEvent): Told {
  const [thing = '', action] = event.split('.');
  const name = thing.startsWith('prompt') ? 'example_prompt' : 'example_model';
  const isWhole = event === 'registered_model.created' || event === 'prompt.created';
  const key = { key: 'example_key', ...(action === 'set' && { value: 'example_value' }) };
  const words = { tags: { example_key: 'example_value' }, description: 'An example' };
  const data: Record<string, unknown> =
    thing === 'run'
      ? { run_id: 'abcd1234abcd5678', run_name: 'example_run', experiment_id: '0' }
      : thing.endsWith('_tag')
        ? { name, ...(thing !== 'prompt_tag' && { version: '1' }), ...key }
        : thing.endsWith('_alias')
          ? { name, alias: 'example_alias', ...(action === 'created' && { version: '1' }) }
          : { name, ...(!isWhole && { version: '1' }), ...words };
  if (event === 'model_version.created')
    return { event, data: { ...data, source: 'models:/123', run_id: 'abcd1234abcd5678' } };
  if (event === 'prompt_version.created') return { event, data: { ...data, template: 'Hello {{name}}!' } };
  if (thing === 'run' && action !== 'created')
    return { event, data: { ...data, status: action?.toUpperCase() } };
  return { event, data };
}

/** Largest body, in characters: a prompt and more. */
const MAX_BODY = 262_144;
/** What is left of a text where the whole would be too large. */
const SHORT_TEXT = 1_000;

/** The body of a delivery. Where it would be too large its long texts are cut. */
export function bodyOf({ event, data }: Told, now: Date): string {
  const [entity, action] = event.split('.');
  const timestamp = now.toISOString().replace('Z', '+00:00');
  const whole = JSON.stringify({ entity, action, timestamp, data });
  if (whole.length <= MAX_BODY) return whole;
  return JSON.stringify({ entity, action, timestamp, data }, (_, value: unknown) =>
    typeof value === 'string' && value.length > SHORT_TEXT ? `${value.slice(0, SHORT_TEXT)}…` : value,
  );
}
