import { CommandFailed } from '../command';
import { callGraphql } from '../graphql-call';
import { ASKED_ENDPOINT, ASKED_VERSION, type AskedVersion } from '../operations/asked-model';
import type { ServerAccess } from '../server-access';

/** Who is asked: an endpoint, or a model version by its reference, as on every door. */
export interface AskedModel {
  readonly name: string;
  readonly kind: 'endpoint' | 'ref';
  readonly version: AskedVersion;
  /** How long the endpoint remembers answers, in ms; 0: not at all. */
  readonly cacheTtlMs: number;
}

export async function askedModel(access: ServerAccess, name: string): Promise<AskedModel> {
  const { endpoint } = await callGraphql(access, ASKED_ENDPOINT, { name });
  if (endpoint) {
    const [main] = endpoint.variants
      .filter(({ shadow }) => !shadow)
      .toSorted((one, other) => other.weight - one.weight);
    if (!main) throw new CommandFailed(`Endpoint “${name}” has no variant that answers.`);
    return { name, kind: 'endpoint', version: main.version, cacheTtlMs: endpoint.settings.cacheTtlMs };
  }
  const { modelVersion } = await callGraphql(access, ASKED_VERSION, { ref: name });
  if (!modelVersion)
    throw new CommandFailed(`There is no endpoint “${name}” at ${access.url}, and no such model version.`);
  return { name, kind: 'ref', version: modelVersion, cacheTtlMs: 0 };
}
