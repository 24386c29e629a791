import {
  sample,
  type MetricFamily,
  type MetricLabels,
  type MetricSample,
} from '../../kernel/metrics/metric-family';
import { REMOTE_STATES, type RemoteStatus } from '../backends/remote-model';
import type { RemoteServerStatus } from '../backends/remote-server';

/** What other servers did for this process. Models are many, so each server's are only counted. */
export function remoteMetrics(
  servers: readonly RemoteServerStatus[],
  models: readonly RemoteStatus[],
): readonly MetricFamily[] {
  const sums = new Sums();
  for (const server of servers) {
    const labels = labelsOf(server);
    sums.add('requests', labels, server.requests);
    for (const [reason, count] of Object.entries(server.failures))
      sums.add('failures', { ...labels, reason }, count);
    sums.add('inFlight', labels, server.inFlight);
    sums.add('maxInFlight', labels, server.maxInFlight);
    for (const state of REMOTE_STATES) sums.add('models', { ...labels, state }, 0);
  }
  for (const model of models) sums.add('models', { ...labelsOf(model), state: model.state }, 1);
  const family = (name: string, type: MetricFamily['type'], help: string, of: Sum): MetricFamily => ({
    ...{ name: `modelgraph_remote_${name}`, type, help, samples: sums.of(of) },
  });
  return [
    family('requests_total', 'counter', 'Questions that a remote server was asked.', 'requests'),
    family('failures_total', 'counter', 'Those that it did not answer, by why.', 'failures'),
    family('in_flight', 'gauge', 'Questions on their way to it.', 'inFlight'),
    family('max_in_flight', 'gauge', 'The most that may be.', 'maxInFlight'),
    family('models', 'gauge', 'Its models by whether they are asked.', 'models'),
  ];
}

type Sum = 'requests' | 'failures' | 'inFlight' | 'maxInFlight' | 'models';

/** Connections with different credentials lead to the same server: they are one to whoever watches it. */
class Sums {
  private readonly samples = new Map<
    string,
    { readonly of: Sum; readonly labels: MetricLabels; value: number }
  >();

  add(of: Sum, labels: MetricLabels, value: number): void {
    const key = JSON.stringify([of, labels]);
    const known = this.samples.get(key);
    if (known) known.value += value;
    else this.samples.set(key, { of, labels, value });
  }

  of(wanted: Sum): readonly MetricSample[] {
    const found = [...this.samples.values()].filter(({ of }) => of === wanted);
    return found.map(({ labels, value }) => sample(labels, value));
  }
}

const labelsOf = ({ backend, origin }: Pick<RemoteStatus, 'backend' | 'origin'>): MetricLabels => ({
  ...{ backend, origin },
});
