import { performance } from 'node:perf_hooks';
import type { Database } from '../database/database';
import { sample, type MetricFamily, type MetricSource } from './metric-family';

const MS_PER_S = 1_000;
const US_PER_S = 1_000_000;

/** The process itself, under the names that other servers in Node have for it, and its connections to the database. */
export const processMetrics =
  (database: Database): MetricSource =>
  (scope) =>
    scope === 'everything' ? [...ofProcess(), ...ofDatabase(database)] : [];

function ofProcess(): readonly MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const { active, idle } = performance.eventLoopUtilization();
  return [
    counter('process_cpu_seconds_total', 'Processor time that the server took.', (user + system) / US_PER_S),
    gauge('process_resident_memory_bytes', 'Memory of the server, without its workers.', rss),
    gauge(
      'process_start_time_seconds',
      'When the server began, since 1970.',
      performance.timeOrigin / MS_PER_S,
    ),
    gauge('nodejs_heap_size_used_bytes', 'JavaScript memory in use.', heapUsed),
    gauge('nodejs_heap_size_total_bytes', 'JavaScript memory taken.', heapTotal),
    gauge('nodejs_external_memory_bytes', 'Memory of buffers, outside of the heap.', external),
    counter(
      'modelgraph_event_loop_active_seconds_total',
      'Time in which the server’s one thread worked.',
      active / MS_PER_S,
    ),
    counter(
      'modelgraph_event_loop_idle_seconds_total',
      'Time in which it waited for something to do.',
      idle / MS_PER_S,
    ),
  ];
}

function ofDatabase(database: Database): readonly MetricFamily[] {
  const { used, idle, waiting } = database.connections();
  const connections = [sample({ state: 'used' }, used), sample({ state: 'idle' }, idle)];
  return [
    gauge(
      'modelgraph_database_up',
      'Whether the database answers: 0 from a call that it has not answered to the next one that it has.',
      database.isAway() ? 0 : 1,
    ),
    {
      name: 'modelgraph_database_connections',
      type: 'gauge',
      help: 'Connections of the pool.',
      samples: connections,
    },
    gauge('modelgraph_database_waiting', 'Statements that wait for a connection.', waiting),
  ];
}

const counter = (name: string, help: string, value: number): MetricFamily => ({
  ...{ name, help, type: 'counter', samples: [sample({}, value)] },
});
const gauge = (name: string, help: string, value: number): MetricFamily => ({
  ...{ name, help, type: 'gauge', samples: [sample({}, value)] },
});
