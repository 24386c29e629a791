import type { Batcher } from '../batching/batcher';
import type { PredictionCache } from '../cache/prediction-cache';
import type { RoutingTable } from '../routing/routing-table';
import type { ShadowObserver } from '../seen/observation';
import type { Learners } from '../seen/observed';

export interface PredictInput extends Learners {
  readonly routing: RoutingTable;
  readonly cache: PredictionCache;
  readonly batcher: Batcher;
  readonly shadowObserver: ShadowObserver;
}
