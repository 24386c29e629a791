import type { LineageGraph, LineageNode } from './operations/lineage';

interface Source {
  readonly id: string;
  readonly how: string;
}

/**
 * The graph as an indented tree, from one node back to what it came from. What is reached by two ways is
 * told once, and named the second time.
 */
export function lineageTree(graph: LineageGraph, root: string): string[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const sources = sourcesIn(graph, root);
  const told = new Set<string>();

  const linesOf = (id: string, how: string, depth: number): string[] => {
    const line = `${'   '.repeat(depth)}${how}${nameOf(nodes.get(id), id)}`;
    const below = sources.get(id) ?? [];
    if (told.has(id) && below.length > 0) return [`${line} (see above)`];
    told.add(id);
    return [line, ...below.flatMap((source) => linesOf(source.id, `└ ${source.how}: `, depth + 1))];
  };
  return linesOf(root, '', 0);
}

/** Upstream of the root everything leads away from it: its own edges show which end is the source. */
function sourcesIn({ edges }: LineageGraph, root: string): Map<string, Source[]> {
  const rootIsTarget = edges.some(({ to }) => to === root);
  const sources = new Map<string, Source[]>();
  for (const { from, to, label } of edges) {
    const [id, source] = rootIsTarget ? [to, from] : [from, to];
    sources.set(id, [...(sources.get(id) ?? []), { id: source, how: label }]);
  }
  return sources;
}

const nameOf = (node: LineageNode | undefined, id: string) =>
  node ? `${node.label} [${node.kind.toLowerCase().replaceAll('_', ' ')}]` : id;
