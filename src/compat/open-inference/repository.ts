import { InputCheck } from '../../kernel/input-check';
import { invalidInput, type InvalidInput } from '../../kernel/errors';
import type { IndexedModel } from '../../serving/serving';
import { versionName } from './metadata';
import { describeJson, parametersOf, type Json } from './parameters';

/** One line of the repository's index. Ready is what a worker holds; the rest is loaded when it is asked for. */
export function indexEntry({ name, version, loaded, notReady }: IndexedModel) {
  const isReady = loaded && notReady === null;
  const reason =
    notReady ?? (loaded ? '' : 'Not in memory: a load call, or the first request, brings it there.');
  return { name, version: versionName(version), state: isReady ? 'READY' : 'UNAVAILABLE', reason };
}

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
