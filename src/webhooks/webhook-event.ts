/**
 * What a webhook may be told of: the thing, and what happened to it. Those of models and prompts are MLflow's, those of
 * runs ours.
 */
export const WEBHOOK_EVENTS = [
  'registered_model.created',
  'model_version.created',
  'model_version_tag.set',
  'model_version_tag.deleted',
  'model_version_alias.created',
  'model_version_alias.deleted',
  'prompt.created',
  'prompt_version.created',
  'prompt_tag.set',
  'prompt_tag.deleted',
  'prompt_version_tag.set',
  'prompt_version_tag.deleted',
  'prompt_alias.created',
  'prompt_alias.deleted',
  'run.created',
  'run.finished',
  'run.failed',
  'run.killed',
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];
