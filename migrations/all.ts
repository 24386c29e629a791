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
];
