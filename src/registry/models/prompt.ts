import type { Tags } from './model';

/** By this tag MLflow's clients tell a prompt, which is words under a model's name, from a model. */
const PROMPT_TAG = 'mlflow.prompt.is_prompt';

export const isPrompt = (tags: Tags): boolean => tags[PROMPT_TAG]?.toLowerCase() === 'true';
