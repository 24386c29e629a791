import { ApiKeyEntity } from './auth/api-key.entity';
import { ProjectEntity } from './auth/project.entity';
import { DatasetColumnEntity } from './datasets/dataset-column.entity';
import { DatasetVersionEntity } from './datasets/dataset-version.entity';
import { DatasetEntity } from './datasets/dataset.entity';
import { ArtifactEntity } from './kernel/artifact.entity';
import { EventEntity } from './kernel/event.entity';
import { IdempotencyKeyEntity } from './kernel/idempotency.entity';
import { LineageEdgeEntity } from './lineage/lineage-edge.entity';
import { LineageNodeEntity } from './lineage/lineage-node.entity';
import { LatencyWindowEntity } from './monitoring/latency-window.entity';
import { ShadowDifferenceEntity } from './monitoring/shadow-difference.entity';
import { AliasMoveEntity } from './registry/alias-move.entity';
import { ModelAliasEntity } from './registry/model-alias.entity';
import { ModelVersionDatasetEntity } from './registry/model-version-dataset.entity';
import { ModelVersionMetricEntity } from './registry/model-version-metric.entity';
import { ModelVersionEntity } from './registry/model-version.entity';
import { ModelEntity } from './registry/model.entity';
import { EndpointVariantEntity } from './serving/endpoint-variant.entity';
import { EndpointEntity } from './serving/endpoint.entity';
import { WorkerNodeEntity } from './serving/fleet/worker-node.entity';
import { PopularQuestionEntity } from './serving/popular-question.entity';
import { PredictionFeedbackEntity } from './serving/prediction-feedback.entity';
import { PredictionKeyEntity } from './serving/prediction-key.entity';
import { ExperimentEntity, ExperimentTagEntity } from './tracking/experiment.entity';
import { MetricChunkEntity, MetricSeriesEntity } from './tracking/metric.entity';
import {
  RunArtifactEntity,
  RunDatasetEntity,
  RunParamEntity,
  RunTagEntity,
} from './tracking/run-facts.entity';
import { RunEntity } from './tracking/run.entity';

/** Every table. Migrations make them; a test proves that the two agree. */
export const ENTITIES = [
  ProjectEntity,
  ApiKeyEntity,
  ArtifactEntity,
  EventEntity,
  IdempotencyKeyEntity,
  DatasetEntity,
  DatasetVersionEntity,
  DatasetColumnEntity,
  ExperimentEntity,
  ExperimentTagEntity,
  RunEntity,
  RunParamEntity,
  RunTagEntity,
  RunArtifactEntity,
  RunDatasetEntity,
  MetricChunkEntity,
  MetricSeriesEntity,
  ModelEntity,
  ModelVersionEntity,
  ModelVersionMetricEntity,
  ModelVersionDatasetEntity,
  ModelAliasEntity,
  AliasMoveEntity,
  EndpointEntity,
  EndpointVariantEntity,
  PopularQuestionEntity,
  PredictionKeyEntity,
  PredictionFeedbackEntity,
  WorkerNodeEntity,
  LatencyWindowEntity,
  ShadowDifferenceEntity,
  LineageNodeEntity,
  LineageEdgeEntity,
];
