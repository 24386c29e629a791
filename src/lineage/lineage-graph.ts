import type { LineageKey, LineageKind } from './lineage-key';

export const LINEAGE_DIRECTIONS = ['UPSTREAM', 'DOWNSTREAM', 'BOTH'] as const;
export type LineageDirection = (typeof LINEAGE_DIRECTIONS)[number];

export interface LineageNode {
  readonly key: LineageKey;
  readonly kind: LineageKind;
  /** For a person. */
  readonly label: string;
  /** Edges of the node in all, told here or not. */
  readonly degree: number;
}

/** `from` came first: what `to` is made of, measured on, named after or served by. */
export interface LineageEdge {
  readonly from: LineageKey;
  readonly to: LineageKey;
  readonly label: string;
}

export interface LineageGraph {
  /** The nearest first; the first is the node that was asked for. */
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  /** Whether more lies in this direction than is told. */
  readonly isPartial: boolean;
}
