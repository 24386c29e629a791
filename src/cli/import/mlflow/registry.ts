import { factsThatFit } from '../facts-that-fit';
import { digestOf, importKey } from '../import-key';
import type { ImportTarget } from '../import-target';
import { keyValuesIn, objectIn, objectsIn, textIn, type JsonObject } from '../json-fields';
import { MlflowRefusal } from '../mlflow-http';
import type { Tally } from '../tally';
import type { MlflowModel, MlflowVersion } from './mlflow-store';
import { versionSource } from './version-source';

/**
 * Tags by which a later start knows a model and its versions; numbers may differ, where the source has deleted some.
 */
const MODEL_TAG = 'modelgraph.imported.key';
const VERSION_TAG = 'modelgraph.imported.version';
const VERSIONS = 100;

export interface RegistryNeeds {
  /** Null: nothing is written. */
  readonly target: ImportTarget | null;
  readonly tally: Tally;
  /** Ids here; null where they have not come. */
  readonly runIdOf: (sourceId: string) => Promise<string | null>;
  readonly modelIdOf: (sourceId: string) => string | null;
  /** Stands before the names of models here. */
  readonly prefix: string;
  /** Whether only some experiments come: then models of others are no matter. */
  readonly isPart: boolean;
}

/** Registered models, with their versions, stages and aliases. */
export class Registry {
  /** Numbers here, by model and number in the source. */
  private readonly numbers = new Map<string, string>();

  constructor(private readonly needs: RegistryNeeds) {}

  async all(models: readonly MlflowModel[]): Promise<void> {
    for (const model of models) {
      try {
        await this.one(model);
      } catch (error) {
        if (!(error instanceof MlflowRefusal)) throw error;
        this.needs.tally.fail('registered models', error.message, model.name);
      }
    }
  }

  private async one(model: MlflowModel): Promise<void> {
    const { target, tally } = this.needs;
    if (!target) {
      if (this.needs.isPart) return;
      tally.add('registeredModels');
      tally.add('modelVersions', model.versions.length);
      return tally.add('aliases', model.aliases.length);
    }
    const sources = new Map<MlflowVersion, string>();
    for (const version of model.versions) {
      const source = await this.sourceHere(version);
      if (source !== null) sources.set(version, source);
      else if (!this.needs.isPart)
        tally.leaveOut(
          'model versions',
          'Their files are of no run or logged model that came.',
          `${model.name} ${version.version}: ${version.source}`,
        );
    }
    if (sources.size === 0 && this.needs.isPart) return;
    const name = `${this.needs.prefix}${model.name}`;
    const there = await this.model(target, name, model);
    const known = await this.versionsHere(target, name);
    for (const [version, source] of sources)
      await this.orCount('model versions', `${name} ${version.version}`, () =>
        this.version(target, name, version, { source, known }),
      );
    for (const alias of model.aliases) await this.alias(target, name, alias, there);
  }

  /** Gives the aliases that it has here. */
  private async model(target: ImportTarget, name: string, model: MlflowModel): Promise<ReadonlySet<string>> {
    const { tally } = this.needs;
    const key = importKey('mlflow', digestOf(model.name, String(model.createdAtMs)));
    const found = await modelHere(target, name);
    if (found) {
      if (!keyValuesIn(found, 'tags').some((tag) => tag.key === MODEL_TAG && tag.value === key))
        throw new MlflowRefusal(
          'NAME_TAKEN',
          'Another model of this name is here: --model-prefix gives this one another.',
        );
      tally.wasThere('registeredModels');
      return new Set(objectsIn(found, 'aliases').map((alias) => textIn(alias, 'alias')));
    }
    const tags = factsThatFit('tags', model.tags, tally, model.name);
    const body = {
      ...{ name, tags: [...tags, { key: MODEL_TAG, value: key }] },
      ...(model.description && { description: model.description }),
    };
    await target.once(
      () => modelHere(target, name),
      () => target.http.sendOnce('registered-models/create', body),
    );
    tally.add('registeredModels');
    return new Set();
  }

  private async version(
    target: ImportTarget,
    name: string,
    { version, description, runId, runLink, stage, tags }: MlflowVersion,
    { source, known }: { readonly source: string; readonly known: ReadonlyMap<string, string> },
  ): Promise<void> {
    const { tally } = this.needs;
    const before = known.get(version);
    if (before !== undefined) {
      this.numbers.set(`${name}/${version}`, before);
      return tally.wasThere('modelVersions');
    }
    const run = runId === '' ? null : await this.needs.runIdOf(runId);
    if (runId !== '' && run === null)
      tally.leaveOut('runs of model versions', 'They have not come.', `${name} ${version}: ${runId}`);
    const fitting = factsThatFit('tags', tags, tally, `${name} ${version}`);
    const body = {
      ...{ name, source, tags: [...fitting, { key: VERSION_TAG, value: version }] },
      ...(description && { description }),
      ...(run !== null && { run_id: run }),
      ...(runLink && { run_link: runLink }),
    };
    const number = await target.once(
      async () => (await this.versionsHere(target, name)).get(version) ?? null,
      async () =>
        textIn(
          objectIn(await target.http.sendOnce('model-versions/create', body), 'model_version'),
          'version',
        ),
    );
    this.numbers.set(`${name}/${version}`, number);
    tally.add('modelVersions');
    if (stage !== 'None')
      await target.http.send('POST', 'model-versions/transition-stage', { name, version: number, stage });
  }

  /** An alias that somebody has moved here since stays where it is. */
  private async alias(
    target: ImportTarget,
    name: string,
    { alias, version }: MlflowModel['aliases'][number],
    there: ReadonlySet<string>,
  ): Promise<void> {
    const number = this.numbers.get(`${name}/${version}`);
    if (there.has(alias)) return this.needs.tally.wasThere('aliases');
    if (number === undefined)
      return this.needs.tally.leaveOut('aliases', 'Their version has not come.', `${name}@${alias}`);
    await this.orCount('aliases', `${name}@${alias}`, async () => {
      await target.http.send('POST', 'registered-models/alias', { name, alias, version: number });
      this.needs.tally.add('aliases');
    });
  }

  private async orCount(what: string, where: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof MlflowRefusal)) throw error;
      this.needs.tally.fail(what, error.message, where);
    }
  }

  /** Versions here by their numbers in the source. */
  private async versionsHere(target: ImportTarget, name: string): Promise<ReadonlyMap<string, string>> {
    const numbers = new Map<string, string>();
    let token = '';
    do {
      const page: Record<string, string> = token === '' ? {} : { page_token: token };
      const filter = `name = '${name.replaceAll("'", "''")}'`;
      const json = await target.http.get('model-versions/search', {
        ...{ filter, max_results: String(VERSIONS), ...page },
      });
      for (const version of objectsIn(json, 'model_versions')) {
        const source = keyValuesIn(version, 'tags').find(({ key }) => key === VERSION_TAG)?.value;
        if (source !== undefined) numbers.set(source, textIn(version, 'version'));
      }
      token = textIn(json, 'next_page_token');
    } while (token !== '');
    return numbers;
  }

  /** A version's source as it is called here; null where what it names has not come. */
  private async sourceHere({ source }: MlflowVersion): Promise<string | null> {
    const named = versionSource(source);
    switch (named.kind) {
      case 'none':
        return source;
      case 'run': {
        const runId = await this.needs.runIdOf(named.runId);
        return runId && `runs:/${runId}/${named.path}`;
      }
      case 'logged model': {
        const modelId = this.needs.modelIdOf(named.modelId);
        return modelId && `models:/${modelId}${named.path && `/${named.path}`}`;
      }
      case 'version': {
        const number = this.numbers.get(`${this.needs.prefix}${named.name}/${named.version}`);
        return number === undefined ? null : `models:/${this.needs.prefix}${named.name}/${number}`;
      }
      case 'elsewhere':
        return null;
    }
  }
}

async function modelHere(target: ImportTarget, name: string): Promise<JsonObject | null> {
  try {
    return objectIn(await target.http.get('registered-models/get', { name }), 'registered_model');
  } catch (error) {
    if (error instanceof MlflowRefusal && error.code === 'RESOURCE_DOES_NOT_EXIST') return null;
    throw error;
  }
}
