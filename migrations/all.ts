import { Foundation1795000000001 } from './0001-foundation';
import { Datasets1795000000002 } from './0002-datasets';
import { Tracking1795000000003 } from './0003-tracking';
import { Registry1795000000004 } from './0004-registry';
import { Serving1795000000005 } from './0005-serving';
import { Monitoring1795000000006 } from './0006-monitoring';
import { Lineage1795000000007 } from './0007-lineage';
import { Retention1795000000008 } from './0008-retention';
import { EndpointSettings1795000000009 } from './0009-endpoint-settings';
import { PopularQuestions1795000000010 } from './0010-popular-questions';
import { Routing1795000000011 } from './0011-routing';
import { WorkerNodes1795000000013 } from './0013-worker-nodes';
import { MeasuredDoors1795000000015 } from './0015-measured-doors';
import { RunLifecycle1795000000016 } from './0016-run-lifecycle';
import { MetricStorage1795000000017 } from './0017-metric-storage';
import { RunSearch1795000000018 } from './0018-run-search';
import { DatasetProfiles1795000000019 } from './0019-dataset-profiles';
import { LoggedModels1795000000020 } from './0020-logged-models';
import { MlflowRegistry1795000000021 } from './0021-mlflow-registry';
import { RunInputs1795000000022 } from './0022-run-inputs';
import { RunSetup1795000000023 } from './0023-run-setup';
import { Deletion1795000000024 } from './0024-deletion';
import { UploadsAndWebhooks1795000000025 } from './0025-uploads-and-webhooks';
import { MetricTail1795000000029 } from './0029-metric-tail';
import { VariantInstances1795000000031 } from './0031-variant-instances';
import { ProjectRetention1795000000033 } from './0033-project-retention';
import { ClosedBatches1795000000034 } from './0034-closed-batches';
import { DeviceTime1795000000035 } from './0035-device-time';

/** Every step, in order. A file that has landed is never edited: a change is a new step. */
export const MIGRATIONS = [
  Foundation1795000000001,
  Datasets1795000000002,
  Tracking1795000000003,
  Registry1795000000004,
  Serving1795000000005,
  Monitoring1795000000006,
  Lineage1795000000007,
  Retention1795000000008,
  EndpointSettings1795000000009,
  PopularQuestions1795000000010,
  Routing1795000000011,
  WorkerNodes1795000000013,
  MeasuredDoors1795000000015,
  RunLifecycle1795000000016,
  MetricStorage1795000000017,
  RunSearch1795000000018,
  DatasetProfiles1795000000019,
  LoggedModels1795000000020,
  MlflowRegistry1795000000021,
  RunInputs1795000000022,
  RunSetup1795000000023,
  Deletion1795000000024,
  UploadsAndWebhooks1795000000025,
  MetricTail1795000000029,
  VariantInstances1795000000031,
  ProjectRetention1795000000033,
  ClosedBatches1795000000034,
  DeviceTime1795000000035,
];
