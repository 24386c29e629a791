import { datasetsNodes } from '../datasets/datasets.graphql';
import type { NodeResolvers } from '../kernel/node.graphql';
import { registryNodes } from '../registry/registry.graphql';
import { servingNodes } from '../serving/serving.graphql';
import { loggedModelNodes } from '../tracking/logged-models/logged-model.graphql';
import { trackingNodes } from '../tracking/tracking.graphql';
import { webhooksNodes } from '../webhooks/webhooks.graphql';

/** How `node(id)` finds each kind of stored thing. */
export const NODE_RESOLVERS: NodeResolvers = {
  ...datasetsNodes,
  ...trackingNodes,
  ...loggedModelNodes,
  ...registryNodes,
  ...servingNodes,
  ...webhooksNodes,
};
