import { shorten } from '../../kernel/errors';
import type { Registry } from '../../registry/registry';
import type { Calls } from './calls';
import { invalidParameter, unlessRefused } from './mlflow-error';
import { modelOf, refOf } from './model-fields';
import type { ModelJson } from './model-json';

/** Aliases, which move by our promotions: what gates refuse is refused here too. */
export function aliasCalls(registry: Registry, json: ModelJson): Calls {
  return {
    'POST registered-models/alias': async (fields, actor) => {
      const promotion = { ref: refOf(fields), alias: fields.text('alias') };
      unlessRefused(await registry.promote(actor, promotion));
      return {};
    },
    'GET registered-models/alias': async (fields, actor) => {
      const name = fields.text('alias');
      const model = await modelOf(registry, actor, fields);
      const [aliases = []] = await registry.aliasesOfModels(actor, [model.id]);
      const alias = aliases.find((one) => one.name === name);
      const [version] = alias ? await registry.versionsByIds(actor, [alias.versionId]) : [];
      if (!version) throw invalidParameter(`Registered model alias ${shorten(name)} not found.`);
      return { model_version: await json.version(actor, version) };
    },
    'DELETE registered-models/alias': async (fields, actor) => {
      const { name: model } = await modelOf(registry, actor, fields);
      const removed = await registry.removeAlias(actor, { model, alias: fields.text('alias') });
      // One that is not there is as its caller wants it.
      if (removed.ok || removed.error.kind !== 'NotFoundError') unlessRefused(removed);
      return {};
    },
  };
}
