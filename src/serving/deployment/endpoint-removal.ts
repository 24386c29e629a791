import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import type { Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import { isStorable } from '../../kernel/database/sql';
import {
  notFound,
  refuse,
  revisionConflict,
  type NotFound,
  type Refusal,
  type RevisionConflict,
} from '../../kernel/errors';
import type { Outbox } from '../../kernel/outbox';
import { ROUTING_TOPIC } from '../../registry/registry.events';
import type { RoutingTable } from '../routing/routing-table';
import { endpointDeleted } from '../serving.events';
import { ServingStore } from '../endpoints/endpoint.store';

export interface DeleteEndpoint {
  readonly name: string;
  /** Refuses where the endpoint is at another revision. */
  readonly expectedRevision?: number | null;
}
export type DeleteEndpointResult =
  { readonly ok: true; readonly name: string } | Refusal<NotFound | RevisionConflict>;

/**
 * How an endpoint goes, with all that it is. What was measured of it, and what feedback said, goes with its age: it is
 * an id's that nobody has any more, and an endpoint of the same name begins anew.
 */
export class EndpointRemoval {
  private readonly store = new ServingStore();

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly outbox: Outbox;
      readonly bus: Bus;
      readonly routing: RoutingTable;
    },
  ) {}

  /** Resolves once this process answers nobody by it; who was asked before still gets an answer. */
  async delete(actor: Actor, request: DeleteEndpoint): Promise<DeleteEndpointResult> {
    authorize(actor, 'endpoint:deploy');
    if (!isStorable(request.name)) return refuse(notFound('endpoint', request.name));
    const result = await this.remove(actor, request);
    if (result.ok) await this.needs.routing.catchUp();
    return result;
  }

  private remove({ projectId }: Actor, { name, expectedRevision }: DeleteEndpoint) {
    return refusableTransaction(this.needs.database, async (tx): Promise<DeleteEndpointResult> => {
      const endpoint = await this.store.lockExisting(tx, projectId, name);
      if (!endpoint) return refuse(notFound('endpoint', name));
      const { id, revision } = endpoint;
      if (typeof expectedRevision === 'number' && expectedRevision !== revision)
        return refuse(revisionConflict(`endpoint “${name}”`, expectedRevision, revision));
      await this.store.remove(tx, id);
      await this.needs.outbox.append(tx, endpointDeleted(projectId, id, name));
      await this.needs.bus.wake(tx, ROUTING_TOPIC);
      return { ok: true, name };
    });
  }
}
