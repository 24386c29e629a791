import type { GraphProto, ModelProto, NodeProto, TensorProto } from '../../kernel/generated/onnx_pb';
import { ModelRefusal } from '../inspection/refusal';

/** More nodes than any model we know of by a factor of ten; reading them all stays under a few seconds. */
export const MAX_NODES = 200_000;

/** Graphs inside graphs (the branches of If, the bodies of Loop). Exporters reach three or four. */
const MAX_SUBGRAPH_DEPTH = 16;

/** What a walk hands out, in file order. */
export interface GraphVisitor {
  node?(node: NodeProto): void;
  /** Every stored tensor: initializers, the parts of sparse ones, attributes. */
  tensor?(tensor: TensorProto): void;
}

/**
 * Visits every node and stored tensor of a model: its graph, graphs in attributes, functions, training steps.
 *
 * @throws ModelRefusal over MAX_NODES or MAX_SUBGRAPH_DEPTH
 */
export function walkModel(model: ModelProto, visitor: GraphVisitor): void {
  const walk = new Walk(visitor);
  if (model.graph) walk.graph(model.graph, 0);
  for (const f of model.functions) walk.nodes(f.node, 0);
  for (const training of model.trainingInfo) {
    if (training.initialization) walk.graph(training.initialization, 0);
    if (training.algorithm) walk.graph(training.algorithm, 0);
  }
}

class Walk {
  private count = 0;

  constructor(private readonly visitor: GraphVisitor) {}

  graph(graph: GraphProto, depth: number): void {
    if (depth > MAX_SUBGRAPH_DEPTH)
      throw new ModelRefusal('MODEL_TOO_DEEP', `Graphs are nested deeper than ${MAX_SUBGRAPH_DEPTH}.`);
    for (const tensor of graph.initializer) this.visitor.tensor?.(tensor);
    for (const sparse of graph.sparseInitializer) {
      if (sparse.values) this.visitor.tensor?.(sparse.values);
      if (sparse.indices) this.visitor.tensor?.(sparse.indices);
    }
    this.nodes(graph.node, depth);
  }

  nodes(nodes: readonly NodeProto[], depth: number): void {
    this.count += nodes.length;
    if (this.count > MAX_NODES)
      throw new ModelRefusal('TOO_MANY_NODES', `The model has more than ${MAX_NODES} nodes.`);
    for (const node of nodes) {
      this.visitor.node?.(node);
      for (const attribute of node.attribute) {
        if (attribute.t) this.visitor.tensor?.(attribute.t);
        for (const tensor of attribute.tensors) this.visitor.tensor?.(tensor);
        for (const sparse of [...attribute.sparseTensors, attribute.sparseTensor]) {
          if (sparse?.values) this.visitor.tensor?.(sparse.values);
          if (sparse?.indices) this.visitor.tensor?.(sparse.indices);
        }
        if (attribute.g) this.graph(attribute.g, depth + 1);
        for (const graph of attribute.graphs) this.graph(graph, depth + 1);
      }
    }
  }
}
