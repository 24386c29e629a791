import type { ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/sql';
import type { LineageChange, NodeChange } from './lineage-change';
import type { LineageKey } from './lineage-key';

export class LineageStore {
  async apply(tx: Transaction, projectId: ProjectId, change: LineageChange): Promise<void> {
    await this.mention(tx, projectId, change.mentioned);
    await this.name(tx, projectId, change.named);
    if (change.replacesSourcesOf) await this.removeSources(tx, projectId, change.replacesSourcesOf);
    if (change.edges.length > 0) await this.addEdges(tx, projectId, change);
  }

  private async mention(tx: Transaction, projectId: ProjectId, nodes: readonly NodeChange[]): Promise<void> {
    if (nodes.length === 0) return;
    await tx.query(
      `/* lineage.mention */ INSERT INTO lineage_node (project_id, key, kind, label)
       SELECT $1, key, kind, label FROM unnest($2::text[], $3::text[], $4::text[]) AS added (key, kind, label)
       ON CONFLICT DO NOTHING`,
      [projectId, ...columns(nodes)],
    );
  }

  private async name(tx: Transaction, projectId: ProjectId, nodes: readonly NodeChange[]): Promise<void> {
    if (nodes.length === 0) return;
    await tx.query(
      `/* lineage.name */ INSERT INTO lineage_node (project_id, key, kind, label)
       SELECT $1, key, kind, label FROM unnest($2::text[], $3::text[], $4::text[]) AS added (key, kind, label)
       ON CONFLICT (project_id, key) DO UPDATE SET label = excluded.label`,
      [projectId, ...columns(nodes)],
    );
  }

  private async removeSources(tx: Transaction, projectId: ProjectId, key: LineageKey): Promise<void> {
    await tx.query(
      '/* lineage.removeSources */ DELETE FROM lineage_edge WHERE project_id = $1 AND to_key = $2',
      [projectId, key],
    );
  }

  private async addEdges(tx: Transaction, projectId: ProjectId, { edges }: LineageChange): Promise<void> {
    await tx.query(
      `/* lineage.addEdges */ INSERT INTO lineage_edge (project_id, from_key, to_key, label)
       SELECT $1, from_key, to_key, label
       FROM unnest($2::text[], $3::text[], $4::text[]) AS added (from_key, to_key, label)
       ON CONFLICT DO NOTHING`,
      [projectId, edges.map(({ from }) => from), edges.map(({ to }) => to), edges.map(({ label }) => label)],
    );
  }
}

const columns = (nodes: readonly NodeChange[]) => [
  nodes.map(({ key }) => key),
  nodes.map(({ kind }) => kind),
  nodes.map(({ label }) => label),
];
