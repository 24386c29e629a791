import type { ProjectId } from '../kernel/ids';
import type { SqlRunner } from '../kernel/database/sql';
import type { LineageDirection, LineageGraph } from './lineage-graph';
import type { LineageKey } from './lineage-key';

/** Nodes of one answer: more than a person can read on one screen. */
export const MAX_NODES = 500;
/** Edges of one answer, ten a node: nobody's lineage is denser. */
export const MAX_EDGES = 5_000;

export interface Walk {
  readonly start: LineageKey;
  readonly direction: LineageDirection;
  /** Edges between the start and the farthest node. */
  readonly depth: number;
}

export class LineageQueries {
  constructor(private readonly sql: SqlRunner) {}

  /**
   * The graph around a node, in one statement; null where there is no such node. The walk goes one step farther than
   * asked, to know whether more is there. UNION drops what a cycle or a second path would tell again at the same
   * depth, so the walk has at most `nodes × steps × 2 ways` rows; where more would come, the answer is partial anyway.
   */
  async graph(projectId: ProjectId, { start, direction, depth }: Walk): Promise<LineageGraph | null> {
    const [graph] = await this.sql.query<LineageGraph>(
      `/* lineage.graph */ WITH RECURSIVE walk (key, depth, is_up) AS (
         SELECT node.key, 0, way.is_up
         FROM lineage_node node, unnest($3::boolean[]) AS way (is_up)
         WHERE node.project_id = $1 AND node.key = $2
         UNION
         SELECT next.key, walk.depth + 1, walk.is_up
         FROM walk CROSS JOIN LATERAL (
           SELECT edge.from_key AS key FROM lineage_edge edge
           WHERE walk.is_up AND edge.project_id = $1 AND edge.to_key = walk.key
           UNION ALL
           SELECT edge.to_key FROM lineage_edge edge
           WHERE NOT walk.is_up AND edge.project_id = $1 AND edge.from_key = walk.key
         ) next
         WHERE walk.depth <= $4
       ), bounded AS (
         SELECT key, depth FROM walk LIMIT $5
       ), reached AS (
         SELECT key, min(depth) AS depth FROM bounded GROUP BY key
       ), told AS (
         SELECT key, depth FROM reached WHERE depth <= $4 ORDER BY depth, key LIMIT $6
       ), edges AS (
         SELECT edge.from_key, edge.to_key, edge.label FROM lineage_edge edge
         JOIN told source ON source.key = edge.from_key JOIN told target ON target.key = edge.to_key
         WHERE edge.project_id = $1 ORDER BY edge.from_key, edge.to_key, edge.label LIMIT $7
       )
       SELECT
         (SELECT json_agg(json_build_object('key', node.key, 'kind', node.kind, 'label', node.label, 'degree',
             (SELECT count(*) FROM lineage_edge edge WHERE edge.project_id = $1 AND edge.from_key = node.key)
             + (SELECT count(*) FROM lineage_edge edge WHERE edge.project_id = $1 AND edge.to_key = node.key)
           ) ORDER BY told.depth, node.label, node.key)
          FROM told JOIN lineage_node node ON node.project_id = $1 AND node.key = told.key) AS nodes,
         coalesce((SELECT json_agg(json_build_object('from', from_key, 'to', to_key, 'label', label)
             ORDER BY from_key, to_key, label) FROM edges), '[]') AS edges,
         (SELECT count(*) FROM reached) > (SELECT count(*) FROM told)
           OR (SELECT count(*) FROM bounded) >= $5 OR (SELECT count(*) FROM edges) >= $7 AS "isPartial"
       FROM told LIMIT 1`,
      [projectId, start, WAYS[direction], depth, MAX_NODES * (depth + 2) * 2, MAX_NODES, MAX_EDGES],
    );
    return graph ?? null;
  }
}

/** Up and down are walked apart: what else was made of the same data is neither a source nor a result. */
const WAYS = { UPSTREAM: [true], DOWNSTREAM: [false], BOTH: [true, false] } as const satisfies Record<
  LineageDirection,
  readonly boolean[]
>;
