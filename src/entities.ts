import { ApiKeyEntity } from './auth/api-key.entity';
import { ProjectEntity } from './auth/project.entity';
import { DatasetColumnEntity } from './datasets/dataset-column.entity';
import { DatasetSplitEntity } from './datasets/dataset-split.entity';
import { DatasetVersionTagEntity } from './datasets/dataset-version-tag.entity';
import { DatasetVersionEntity } from './datasets/dataset-version.entity';
import { DatasetEntity } from './datasets/dataset.entity';
import { ArtifactUploadEntity, ArtifactUploadPartEntity } from './kernel/artifacts/artifact-upload.entity';
import { ArtifactEntity, ArtifactRemovalEntity } from './kernel/artifacts/artifact.entity';
import { EventEntity } from './kernel/event.entity';
import { IdempotencyKeyEntity } from './kernel/idempotency.entity';
import { LineageEdgeEntity } from './lineage/lineage-edge.entity';
import { LineageNodeEntity } from './lineage/lineage-node.entity';
import { LatencyWindowEntity } from './monitoring/latency-window.entity';
import { ShadowDifferenceEntity } from './monitoring/shadow-difference.entity';
import { AliasMoveEntity } from './registry/aliases/alias-move.entity';
import { ModelAliasEntity } from './registry/aliases/model-alias.entity';
import { ModelVersionDatasetEntity } from './registry/versions/model-version-dataset.entity';
import { ModelVersionMetricEntity } from './registry/versions/model-version-metric.entity';
import { ModelVersionEntity } from './registry/versions/model-version.entity';
import { ModelEntity } from './registry/models/model.entity';
import { EndpointVariantEntity } from './serving/endpoints/endpoint-variant.entity';
import { EndpointEntity } from './serving/endpoints/endpoint.entity';
import { WorkerNodeEntity } from './serving/fleet/worker-node.entity';
import { PopularQuestionEntity } from './serving/cache/popular-question.entity';
import { PredictionFeedbackEntity } from './serving/feedback/prediction-feedback.entity';
import { PredictionKeyEntity } from './serving/feedback/prediction-key.entity';
import { ExperimentFeedEntity, RunChangeEntity } from './tracking/live/experiment-feed.entity';
import { ExperimentRetentionEntity } from './tracking/deletion/experiment-retention.entity';
import { ProjectRetentionEntity } from './tracking/deletion/project-retention.entity';
import { ExperimentEntity, ExperimentTagEntity } from './tracking/experiment.entity';
import {
  LoggedModelArtifactEntity,
  LoggedModelMetricEntity,
  LoggedModelParamEntity,
  LoggedModelTagEntity,
  RunModelEntity,
} from './tracking/logged-models/logged-model-facts.entity';
import { LoggedModelEntity } from './tracking/logged-models/logged-model.entity';
import { MetricChunkEntity, MetricSeriesEntity, MetricTailEntity } from './tracking/metrics/metric.entity';
import {
  RunArtifactEntity,
  RunDatasetEntity,
  RunParamEntity,
  RunTagEntity,
} from './tracking/run-facts.entity';
import { RunEntity } from './tracking/run.entity';
import { RunSetupEntity, RunSetupFileEntity } from './tracking/setup/run-setup.entity';
import { WebhookDeliveryEntity } from './webhooks/webhook-delivery.entity';
import { WebhookEntity } from './webhooks/webhook.entity';

/** Every table. Migrations make them; a test proves that the two agree. */
export const ENTITIES = [
  ProjectEntity,
  ApiKeyEntity,
  ArtifactEntity,
  ArtifactRemovalEntity,
  ArtifactUploadEntity,
  ArtifactUploadPartEntity,
  EventEntity,
  IdempotencyKeyEntity,
  DatasetEntity,
  DatasetVersionEntity,
  DatasetColumnEntity,
  DatasetVersionTagEntity,
  DatasetSplitEntity,
  ExperimentEntity,
  ExperimentTagEntity,
  ExperimentRetentionEntity,
  ProjectRetentionEntity,
  ExperimentFeedEntity,
  RunChangeEntity,
  RunEntity,
  RunParamEntity,
  RunTagEntity,
  RunArtifactEntity,
  RunDatasetEntity,
  RunSetupEntity,
  RunSetupFileEntity,
  MetricChunkEntity,
  MetricSeriesEntity,
  MetricTailEntity,
  LoggedModelEntity,
  LoggedModelParamEntity,
  LoggedModelTagEntity,
  LoggedModelArtifactEntity,
  LoggedModelMetricEntity,
  RunModelEntity,
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
  WebhookEntity,
  WebhookDeliveryEntity,
];
