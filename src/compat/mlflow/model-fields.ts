import type { Actor } from '../../kernel/actor';
import { shorten } from '../../kernel/errors';
import { MAX_KEY_LENGTH } from '../../kernel/input-check';
import { STAGES, type Model, type ModelVersion, type Registry, type Stage } from '../../registry/registry';
import type { Fields } from './fields';
import { doesNotExist, invalidParameter } from './mlflow-error';

/** Whole numbers, as clients name versions; ours have up to nine digits. */
const INTEGER = /^-?\d+$/;

/** The registered model that a call names. Throws where there is none. */
export async function modelOf(registry: Registry, actor: Actor, fields: Fields): Promise<Model> {
  const name = fields.text('name');
  const model = await registry.modelByName(actor, name);
  if (!model) throw doesNotExist(`Registered Model with name=${shorten(name)} not found`);
  return model;
}

/** How we call the version that a call names by its model's name and its number there. */
export function refOf(fields: Fields): string {
  const [name, version] = [fields.text('name'), versionOf(fields)];
  return `${name}@${version}`;
}

/** The version that a call names. Throws where there is none. */
export async function modelVersionOf(
  registry: Registry,
  actor: Actor,
  fields: Fields,
): Promise<ModelVersion> {
  const version = await registry.versionByRef(actor, refOf(fields));
  if (!version)
    throw doesNotExist(
      `Model Version (name=${shorten(fields.text('name'))}, version=${versionOf(fields)}) not found`,
    );
  return version;
}

function versionOf(fields: Fields): string {
  const value = fields.values.version;
  const text = typeof value === 'number' ? String(value) : fields.text('version');
  if (!INTEGER.test(text)) throw fields.wrong('version', 'a whole number');
  return text;
}

/** Of a stage's name in any case. */
export function stageOf(text: string): Stage {
  const stage = STAGES.find((known) => known.toLowerCase() === text.toLowerCase());
  if (!stage)
    throw invalidParameter(
      `Invalid Model Version stage: ${shorten(text)}. Value must be one of ${STAGES.join(', ')}.`,
    );
  return stage;
}

/** Tags of models and versions take more than those of runs: any name that a store can keep. */
export function tagKeyOf(fields: Fields): string {
  const key = fields.text('key');
  if (key.length > MAX_KEY_LENGTH) throw fields.wrong('key', `at most ${MAX_KEY_LENGTH} characters`);
  return key;
}

export const tagsIn = (fields: Fields) =>
  fields.list('tags').map((tag) => ({ key: tagKeyOf(tag), value: tag.anyText('value') ?? '' }));
