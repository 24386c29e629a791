import { operation } from './operation';

export interface LineageNode {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
}

export interface LineageGraph {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label: string }[];
  readonly isPartial: boolean;
}

export const LINEAGE_UPSTREAM = operation<
  { readonly lineage: LineageGraph | null },
  { readonly id: string; readonly depth: number }
>(`
  query LineageUpstream($id: ID!, $depth: Int!) {
    lineage(id: $id, direction: UPSTREAM, depth: $depth) {
      isPartial
      nodes { id kind label }
      edges { from to label }
    }
  }
`);
