import { newId, type ProjectId } from '../../kernel/ids';
import type { Transaction } from '../../kernel/database/sql';
import type { Endpoint, EndpointId } from './endpoint';
import type { GivenRouting } from './endpoint-routing';
import type { GivenSettings } from './endpoint-settings';
import { EndpointVariantEntity } from './endpoint-variant.entity';

/** What an endpoint is but for its variants. */
interface EndpointState extends Pick<Endpoint, 'id' | 'revision'> {
  readonly settings: GivenSettings;
  readonly routing: GivenRouting;
}

export class ServingStore {
  /** The endpoint's row, locked; made with revision 0 and everything by default where there is none. */
  async lockEndpoint(tx: Transaction, projectId: ProjectId, name: string): Promise<EndpointState> {
    const [row] = await tx.query<EndpointState>(
      `/* serving.lockEndpoint */ INSERT INTO endpoint (id, project_id, name, revision) VALUES ($1, $2, $3, 0)
       ON CONFLICT (project_id, name) DO UPDATE SET name = excluded.name RETURNING id, revision, settings,
         routing`,
      [newId(), projectId, name],
    );
    if (!row) throw new Error('An upsert returns its row.');
    return row;
  }

  /** As `lockEndpoint`; null where there is none. */
  async lockExisting(
    tx: Transaction,
    projectId: ProjectId,
    name: string,
  ): Promise<Pick<Endpoint, 'id' | 'revision'> | null> {
    const [row] = await tx.query<Pick<Endpoint, 'id' | 'revision'>>(
      '/* serving.lockExisting */ SELECT id, revision FROM endpoint WHERE project_id = $1 AND name = $2 FOR UPDATE',
      [projectId, name],
    );
    return row ?? null;
  }

  /** With its variants and its popular questions, which go by their foreign keys. */
  async remove(tx: Transaction, endpointId: EndpointId): Promise<void> {
    await tx.query('/* serving.removeEndpoint */ DELETE FROM endpoint WHERE id = $1', [endpointId]);
  }

  /** Replaces what the endpoint is; answers its new revision. */
  async replace(
    tx: Transaction,
    { id: endpointId, projectId, variants }: Pick<Endpoint, 'id' | 'projectId' | 'variants'>,
    settings: GivenSettings,
    routing: GivenRouting,
  ): Promise<number> {
    await tx.query('/* serving.clearVariants */ DELETE FROM endpoint_variant WHERE endpoint_id = $1', [
      endpointId,
    ]);
    const rows = variants.map((variant, position) => ({ endpointId, projectId, position, ...variant }));
    await tx.insert('serving.addVariants', EndpointVariantEntity, rows);
    const [row] = await tx.query<{ revision: number }>(
      `/* serving.nextRevision */ UPDATE endpoint SET revision = revision + 1, settings = $2, routing = $3
       WHERE id = $1 RETURNING revision`,
      [endpointId, JSON.stringify(settings), JSON.stringify(routing)],
    );
    if (!row) throw new Error('The endpoint is locked, so it exists.');
    return row.revision;
  }
}
