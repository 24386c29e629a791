import type { Batcher } from './batching/batcher';
import type { PredictionCache } from './cache/prediction-cache';
import type { PredictionStatistics } from './seen/prediction-statistics';
import type { PredictionObserver, ShadowObserver } from './seen/observation';
import type { RoutingTable } from './routing/routing-table';

export interface PredictInput {
  readonly routing: RoutingTable;
  readonly cache: PredictionCache;
  readonly batcher: Batcher;
  readonly observer: PredictionObserver;
  readonly shadowObserver: ShadowObserver;
  readonly statistics: PredictionStatistics;
}
