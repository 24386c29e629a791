import type { Actor } from '../../kernel/actor';
import { shorten, type InvalidInput, type NotFound } from '../../kernel/errors';
import { parseReference, type Registry } from '../../registry/registry';
import type { ModelTarget } from '../../serving/serving';
import type { ModelSpec } from './request-path';

/** How a name and a version become what is asked: for predictions, or with all that is known of the model. */
export type Look<Target> = (
  model: string,
  version: string | null,
) => Promise<Target | NotFound | InvalidInput>;

/**
 * Who is meant. A label is an alias of the model, or of the model behind the endpoint, which is asked for the version
 * that it points at.
 */
export async function modelOf<Target extends ModelTarget>(
  registry: Registry,
  actor: Actor,
  look: Look<Target>,
  { model, version, label }: ModelSpec,
): Promise<Target | NotFound | InvalidInput> {
  const target = await look(model, version);
  if (label === null) return target;
  const isEndpoint = !('kind' in target) && target.endpoint !== null;
  const modelName = isEndpoint ? target.version.modelName : model;
  const ref = isAlias(modelName, label) ? `${modelName}@${label}` : null;
  const labelled = ref && (await (isEndpoint ? look(model, ref) : look(ref, null)));
  if (labelled && !('kind' in labelled)) return labelled;
  const labels = await labelsOf(registry, actor, modelName);
  return 'kind' in target && labels === null ? target : unknownLabel(modelName, label, labels ?? []);
}

/** A number in the place of a label is none. */
const isAlias = (model: string, label: string): boolean =>
  parseReference(`${model}@${label}`)?.target.kind === 'alias';

/** Null where there is no such model. */
async function labelsOf(
  registry: Registry,
  actor: Actor,
  modelName: string,
): Promise<readonly string[] | null> {
  const model = await registry.modelByName(actor, modelName);
  if (!model) return null;
  const [aliases = []] = await registry.aliasesOfModels(actor, [model.id]);
  return aliases.map(({ name }) => name);
}

/** TensorFlow Serving's “invalid argument”, where an unknown version is “not found”. */
function unknownLabel(model: string, label: string, known: readonly string[]): InvalidInput {
  const labels =
    known.length === 0 ? 'no labels' : `the labels ${known.slice(0, MAX_NAMED_LABELS).join(', ')}`;
  const message = `Unrecognized servable version label: ${shorten(label)}. “${shorten(model)}” has ${labels}.`;
  return { kind: 'InvalidInputError', code: 'INVALID_INPUT', message, issues: [] };
}

/** Labels that a sentence names. */
const MAX_NAMED_LABELS = 20;
