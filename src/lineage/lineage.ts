import { authorize } from '../auth/auth';
import type { Datasets } from '../datasets/datasets';
import type { Actor } from '../kernel/actor';
import type { Database } from '../kernel/database/database';
import { Failure } from '../kernel/errors';
import type { EventHandler } from '../kernel/outbox';
import { parseReference, type Registry } from '../registry/registry';
import type { Serving } from '../serving/serving';
import { lineageChange } from './lineage-change';
import type { LineageDirection, LineageGraph } from './lineage-graph';
import {
  aliasKey,
  datasetVersionKey,
  endpointKey,
  lineageKeyOf,
  modelVersionKey,
  type LineageKey,
} from './lineage-key';
import { LineageQueries } from './lineage.queries';
import { LineageStore } from './lineage.store';
import { parseStartingPoint, type Start } from './starting-point';

export type { LineageDirection, LineageEdge, LineageGraph, LineageNode } from './lineage-graph';
export { lineageId, type LineageKey, type LineageKind } from './lineage-key';

/** Steps from data to an endpoint are five; twenty leave room for chains of runs. */
export const MAX_DEPTH = 20;

export interface LineageRequest {
  /** Exactly one of `id` and `of`. */
  readonly id?: string | null;
  readonly of?: string | null;
  readonly direction: LineageDirection;
  readonly depth: number;
}

export interface LineageDependencies {
  readonly database: Database;
  readonly datasets: Datasets;
  readonly registry: Registry;
  readonly serving: Serving;
}

const store = new LineageStore();

/**
 * Draws the edges that follow from an event, in the event's own transaction: what is done is never without its lineage.
 */
export const lineageHandler: EventHandler = async (tx, event) => {
  const change = lineageChange(event);
  if (change) await store.apply(tx, event.projectId, change);
};

/** What came from what, from data to endpoints. */
export class Lineage {
  private readonly queries: LineageQueries;

  constructor(private readonly needs: LineageDependencies) {
    this.queries = new LineageQueries(needs.database);
  }

  /** The graph around a thing; null where there is no such thing. */
  async graph(actor: Actor, { id, of, direction, depth }: LineageRequest): Promise<LineageGraph | null> {
    authorize(actor, 'platform:read');
    checkDepth(depth);
    const start = await this.start(actor, id ?? null, of ?? null);
    return start === null ? null : this.queries.graph(actor.projectId, { start, direction, depth });
  }

  private async start(actor: Actor, id: string | null, of: string | null): Promise<LineageKey | null> {
    if ((id === null) === (of === null)) {
      throw new Failure('BAD_USER_INPUT', 'lineage: expected exactly one of `id` and `of`.');
    }
    if (id !== null) return lineageKeyOf(id);
    const { starts, name } = parseStartingPoint(of ?? '');
    for (const start of starts) {
      const key = await this.finders[start](actor, name);
      if (key) return key;
    }
    return null;
  }

  private readonly finders: Readonly<
    Record<Start, (actor: Actor, name: string) => Promise<LineageKey | null>>
  > = {
    endpoint: async (actor, name) => {
      const endpoint = await this.needs.serving.endpointByName(actor, name);
      return endpoint && endpointKey(endpoint.id);
    },
    model: async (actor, ref) => {
      const version = await this.needs.registry.versionByRef(actor, ref);
      const target = parseReference(ref)?.target;
      if (!version || !target) return null;
      return target.kind === 'alias' ? aliasKey(version.modelId, target.alias) : modelVersionKey(version.id);
    },
    dataset: async (actor, ref) => {
      const [version] = await this.needs.datasets.versionsByRefs(actor, [ref]);
      return version ? datasetVersionKey(version.id) : null;
    },
  };
}

function checkDepth(depth: number): void {
  if (Number.isInteger(depth) && depth >= 1 && depth <= MAX_DEPTH) return;
  throw new Failure('BAD_USER_INPUT', `depth: expected 1 to ${MAX_DEPTH}, got ${depth}.`);
}
