import type { Actor } from '../kernel/actor';
import type { Loaders } from '../kernel/context.graphql';
import type { Datasets } from '../datasets/datasets';
import { datasetsLoaders } from '../datasets/datasets.graphql';
import { DATASETS_RESOLVERS } from '../datasets/datasets.resolvers.graphql';
import type { Lineage } from '../lineage/lineage';
import { LINEAGE_RESOLVERS } from '../lineage/lineage.graphql';
import type { Monitoring } from '../monitoring/monitoring';
import { monitoringLoaders } from '../monitoring/monitoring.graphql';
import { MONITORING_RESOLVERS } from '../monitoring/monitoring.resolvers.graphql';
import type { Registry } from '../registry/registry';
import { registryLoaders } from '../registry/registry.graphql';
import { REGISTRY_RESOLVERS } from '../registry/registry.resolvers.graphql';
import type { Serving } from '../serving/serving';
import { servingLoaders } from '../serving/serving.graphql';
import { SERVING_RESOLVERS } from '../serving/serving.resolvers.graphql';
import type { Tracking } from '../tracking/tracking';
import { LOGGED_MODEL_RESOLVERS, loggedModelLoaders } from '../tracking/logged-models/logged-model.graphql';
import { NOTEBOOK_RESOLVERS } from '../tracking/notebooks/notebooks.graphql';
import { trackingLoaders } from '../tracking/tracking.graphql';
import { TRACKING_RESOLVERS } from '../tracking/tracking.resolvers.graphql';
import type { Webhooks } from '../webhooks/webhooks';
import { webhooksLoaders } from '../webhooks/webhooks.graphql';
import { WEBHOOKS_RESOLVERS } from '../webhooks/webhooks.resolvers.graphql';
import { NodeQuery } from './node.graphql';

/** The front doors that resolvers call. */
export interface Services {
  readonly datasets: Datasets;
  readonly tracking: Tracking;
  readonly registry: Registry;
  readonly serving: Serving;
  readonly monitoring: Monitoring;
  readonly lineage: Lineage;
  readonly webhooks: Webhooks;
}

type ResolverClass = new (services: Services) => object;

/** Every resolver class; the schema is what they declare. */
export const RESOLVERS: readonly ResolverClass[] = [
  NodeQuery,
  ...DATASETS_RESOLVERS,
  ...TRACKING_RESOLVERS,
  ...LOGGED_MODEL_RESOLVERS,
  ...NOTEBOOK_RESOLVERS,
  ...REGISTRY_RESOLVERS,
  ...SERVING_RESOLVERS,
  ...MONITORING_RESOLVERS,
  ...LINEAGE_RESOLVERS,
  ...WEBHOOKS_RESOLVERS,
];

/** A fresh set of loaders, so that no operation ever sees what another has cached. */
export const createLoaders = (services: Services, actor: Actor): Loaders => ({
  ...datasetsLoaders(services, actor),
  ...trackingLoaders(services, actor),
  ...loggedModelLoaders(services, actor),
  ...registryLoaders(services, actor),
  ...servingLoaders(services, actor),
  ...monitoringLoaders(services, actor),
  ...webhooksLoaders(services, actor),
});
