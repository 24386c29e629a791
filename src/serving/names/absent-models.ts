import type { Actor } from '../../kernel/actor';
import { ArtifactLost } from '../../kernel/artifacts/artifacts';
import { notFound, shorten, type NotFound } from '../../kernel/errors';
import type { ProjectId } from '../../kernel/ids';
import type { ModelVersion, Registry } from '../../registry/registry';
import { askableVersions } from './askable-versions';
import type { Endpoint } from '../endpoints/endpoint';
import { notAnswering } from './opaque-version';
import type { PredictRequest } from '../predictions/prediction';
import type { RoutingTable } from '../routing/routing-table';
import type { RunningEndpoint } from '../routing/running-endpoint';
import type { ServingQueries } from '../endpoints/endpoint.queries';

/** Versions that a sentence names: the newest ones, which are what a caller most likely means. */
const MAX_NAMED_VERSIONS = 10;

/** Why nobody answers under a name, and what there is instead. Its callers were not answered: it may take its time. */
export class AbsentModels {
  constructor(
    private readonly needs: {
      readonly routing: RoutingTable;
      readonly registry: Registry;
      readonly queries: ServingQueries;
    },
  ) {}

  /** What other protocols call a model: an endpoint's name, else a reference, perhaps with a version. */
  async explainName(actor: Actor, name: string, version: string | null): Promise<NotFound> {
    const { routing, queries } = this.needs;
    const running = routing.endpoint(actor.projectId, name);
    const endpoint = running ? null : await queries.endpointByName(actor.projectId, name);
    if (endpoint) return this.whySilent(actor, endpoint);
    const modelNames = running ? modelsBehind(running, version) : [modelOf(name)];
    if (modelNames.length === 0) return notBehind(name, version ?? '');
    const explained = await Promise.all(
      modelNames.map((modelName) => this.explainModel(actor, modelName, name, version)),
    );
    const sentences = explained.flatMap((one) => one?.message ?? []);
    return sentences.length > 0 ? missing(sentences.join(' ')) : notFound('endpoint or model', name);
  }

  /** What `predict` was asked for. */
  explainTarget(
    actor: Actor,
    { endpoint, ref }: Pick<PredictRequest, 'endpoint' | 'ref'>,
  ): Promise<NotFound> {
    return typeof endpoint === 'string'
      ? this.explainEndpoint(actor, endpoint)
      : this.explainReference(actor, ref ?? '');
  }

  async explainEndpoint(actor: Actor, name: string): Promise<NotFound> {
    const endpoint = await this.needs.queries.endpointByName(actor.projectId, name);
    return endpoint ? this.whySilent(actor, endpoint) : notFound('endpoint', name);
  }

  private async explainReference(actor: Actor, ref: string): Promise<NotFound> {
    const opaque = await this.whyOpaque(actor.projectId, ref);
    if (opaque) return opaque;
    return (await this.explainModel(actor, modelOf(ref), ref, null)) ?? notFound('model version', ref);
  }

  /** Null where there is no such model. */
  private async explainModel(
    actor: Actor,
    modelName: string,
    name: string,
    version: string | null,
  ): Promise<NotFound | null> {
    const { registry } = this.needs;
    const model = await registry.modelByName(actor, modelName);
    if (!model) return null;
    const versions = await askableVersions(registry, actor, model.id);
    const isDefault = version === null && name === model.name;
    const what = isDefault ? 'in production' : shorten(unlike(name, version));
    return missing(`No version of “${shorten(model.name)}” is ${what}. ${nameVersions(versions)}`);
  }

  /** The reason is the one of its first variant with traffic. */
  private async whySilent({ projectId }: Actor, { name, variants }: Endpoint): Promise<NotFound> {
    const what = `The endpoint “${shorten(name)}” has no variant that could answer.`;
    const first = variants.find(({ shadow, weight }) => !shadow && weight > 0);
    if (!first) return missing(what);
    const where = `Its variant “${shorten(first.name)}” leads to ${shorten(first.ref)}:`;
    return missing(`${what} ${where} ${await this.whyNot(projectId, first.ref)}`);
  }

  private async whyNot(projectId: ProjectId, ref: string): Promise<string> {
    try {
      const model = await this.needs.routing.version(projectId, ref);
      if (model) return 'this server has not heard of it yet. Try again in a moment.';
      return ((await this.whyOpaque(projectId, ref)) ?? notFound('model version', ref)).message;
    } catch (error) {
      if (error instanceof ArtifactLost) return error.message;
      throw error;
    }
  }

  /** Null where the reference leads to no version whose files nothing runs. */
  private async whyOpaque(projectId: ProjectId, ref: string): Promise<NotFound | null> {
    const [version] = await this.needs.registry.versionsForRouting(projectId, [ref]);
    return version?.format === 'OPAQUE' ? notAnswering(version) : null;
  }
}

const missing = (message: string): NotFound => ({ kind: 'NotFoundError', code: 'NOT_FOUND', message });

/** Those that a version may be of: all that answer there, or the one that a reference names, if that does. */
function modelsBehind({ variants }: RunningEndpoint, version: string | null): readonly string[] {
  const modelNames = [...new Set(variants.map(({ model }) => model.version.modelName))];
  return version?.includes('@') ? modelNames.filter((name) => name === modelOf(version)) : modelNames;
}

const notBehind = (endpoint: string, ref: string): NotFound => {
  const what = `No variant of the endpoint “${shorten(endpoint)}” is of the model “${shorten(modelOf(ref))}”.`;
  return missing(`${what} Where ${shorten(ref)} is meant, ask for it in place of the endpoint.`);
};

const modelOf = (ref: string): string => ref.split('@')[0] ?? '';

/** What no version is: a reference has a version of its own already. */
const unlike = (name: string, version: string | null): string =>
  version !== null && name.includes('@') ? `${name} and ${version} at once` : (version ?? name);

function nameVersions(versions: readonly ModelVersion[]): string {
  if (versions.length === 0) return 'It has none yet.';
  const named = versions.slice(0, MAX_NAMED_VERSIONS).map(({ number, ordinal }) => `${number} (${ordinal})`);
  return `It has ${named.join(', ')}${versions.length > named.length ? ' and older ones' : ''}.`;
}
