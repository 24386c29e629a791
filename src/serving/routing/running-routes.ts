import type { PredictionKeys } from '../feedback/prediction-keys';
import type { Routes } from './route-change';
import { runningEndpoint, type RunningEndpoint } from './running-endpoint';
import { KnownVariants } from './variant-knowledge';

/** Endpoints as they run. One whose routes are the same object as before is the same, too: there may be thousands. */
export class RunningRoutes {
  private readonly known = new KnownVariants();
  private made: ReadonlyMap<Routes, RunningEndpoint | undefined> = new Map();

  constructor(private readonly keys: PredictionKeys) {}

  /** By the keys of the routes; those that cannot answer are not there. All other routes are forgotten. */
  async of(inUse: ReadonlyMap<string, Routes>): Promise<Map<string, RunningEndpoint>> {
    const made = new Map<Routes, RunningEndpoint | undefined>();
    for (const routes of inUse.values())
      made.set(routes, this.made.has(routes) ? this.made.get(routes) : await this.make(routes));
    this.made = made;
    const running = [...inUse].flatMap(([key, routes]) => {
      const one = made.get(routes);
      return one ? [[key, one] as const] : [];
    });
    const variants = running.flatMap(([, one]) => [...one.variants, ...one.shadows]);
    this.known.keepOnly(variants.map(({ known }) => known));
    return new Map(running);
  }

  private async make({ endpoint, models }: Routes): Promise<RunningEndpoint | undefined> {
    const secret = await this.keys.of(endpoint.projectId);
    return runningEndpoint(
      endpoint,
      ({ name }) => models.get(name),
      ({ name: variant }, { version }) =>
        this.known.of(secret, { endpointId: endpoint.id, variant, versionId: version.id }),
    );
  }
}
