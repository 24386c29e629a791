import { InputCheck } from '../../kernel/input-check';
import { invalidInput, shorten, type InvalidInput } from '../../kernel/errors';
import { DEFAULT_ALIAS, type ModelVersion } from '../../registry/registry';
import type { IndexedModel } from '../../serving/serving';
import { distinctName } from './metadata';
import { describeJson, parametersOf, type Json } from './parameters';

/** One line of the repository's index. Ready is what a worker holds; the rest is loaded when it is asked for. */
export function indexEntry(model: IndexedModel) {
  const { name, version, loaded, notReady, answersByName } = model;
  const isReady = loaded && notReady === null;
  const reason = notReady ?? (answersByName ? (loaded ? '' : NOT_LOADED) : notByName(version, loaded));
  return { name, version: distinctName(model), state: isReady ? 'READY' : 'UNAVAILABLE', reason };
}

const NOT_LOADED = 'Not in memory: a load call, or the first request, brings it there.';

/** A load call has no place for a version. */
const notByName = ({ ref }: ModelVersion, loaded: boolean): string =>
  `${loaded ? '' : 'Not in memory. '}By this name alone nobody is asked until a version is promoted to “${DEFAULT_ALIAS}”: load and ask “${shorten(ref)}”.`;

/**
 * A load call may bring no model and no configuration: models are registered, which proves that they run and gives them
 * a number.
 */
export function checkLoad(request: Json): InvalidInput | null {
  const check = new InputCheck();
  const parameters = parametersOf(request, 'parameters', check);
  for (const [name, value] of Object.entries(parameters)) {
    if (name === 'config')
      check.add('parameters.config', 'none: the configuration follows from the model', describeJson(value));
    else if (name.startsWith('file:'))
      check.add(`parameters.${name.slice(0, 100)}`, 'no file: register the model, then load it', 'a file');
  }
  return check.result();
}

/** Some clients may name the repository that they mean. */
export const oneRepository = (name: string): InvalidInput =>
  invalidInput([
    { path: 'repository_name', expected: 'none: there is one repository', actual: name.slice(0, 100) },
  ]);
