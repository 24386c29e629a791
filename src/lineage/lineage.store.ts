import type { ProjectId } from '../kernel/ids';
import type { Transaction } from '../kernel/database/sql';
import type { LineageChange, NodeChange } from './lineage-change';
import type { LineageKey } from './lineage-key';

export class LineageStore {
  async apply(tx: Transaction, projectId: ProjectId, change: LineageChange): Promise<void> {
    await this.mention(tx, projectId, change.mentioned);
    await this.name(tx, projectId, change.named);
    if (change.replacesSourcesOf) await this.removeSources(tx, projectId, change.replacesSourcesOf);
    if (change.edges.length > 0) await this.addEdges(tx, projectId, change);
    if (change.forgotten.length > 0) await this.forget(tx, projectId, change.forgotten);
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
      { prepareAs: 'lineage.name' },
    );
  }

  private async removeSources(tx: Transaction, projectId: ProjectId, key: LineageKey): Promise<void> {
    await tx.query(
      '/* lineage.removeSources */ DELETE FROM lineage_edge WHERE project_id = $1 AND to_key = $2',
      [projectId, key],
    );
  }

  /**
   * Runs and endpoints that are gone. First the artifacts that nothing was made of go from them; then they go
   * themselves where nothing came from them, with the edges that lead to them. What has lost its last edge with them
   * goes too.
   */
  private async forget(tx: Transaction, projectId: ProjectId, keys: readonly LineageKey[]): Promise<void> {
    const artifacts = await tx.query<{ key: LineageKey }>(
      `/* lineage.forgetResults */ DELETE FROM lineage_edge e
       WHERE e.project_id = $1 AND e.from_key = ANY($2) AND NOT EXISTS (
         SELECT 1 FROM lineage_edge next WHERE next.project_id = $1 AND next.from_key = e.to_key)
         AND EXISTS (SELECT 1 FROM lineage_node n WHERE n.project_id = $1 AND n.key = e.to_key AND n.kind = 'ARTIFACT')
       RETURNING e.to_key AS key`,
      [projectId, keys],
    );
    await tx.query(
      `/* lineage.forgetSources */ DELETE FROM lineage_edge e
       WHERE e.project_id = $1 AND e.to_key = ANY($2) AND NOT EXISTS (
         SELECT 1 FROM lineage_edge next WHERE next.project_id = $1 AND next.from_key = e.to_key)`,
      [projectId, keys],
    );
    await tx.query(
      `/* lineage.forgetNodes */ DELETE FROM lineage_node n
       WHERE n.project_id = $1 AND n.key = ANY($2)
         AND NOT EXISTS (SELECT 1 FROM lineage_edge e WHERE e.project_id = $1 AND e.from_key = n.key)
         AND NOT EXISTS (SELECT 1 FROM lineage_edge e WHERE e.project_id = $1 AND e.to_key = n.key)`,
      [projectId, [...keys, ...artifacts.map(({ key }) => key)]],
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
