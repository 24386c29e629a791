import { authorize } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import type { Bus } from '../kernel/bus';
import type { Database } from '../kernel/database/database';
import { Failure, shorten } from '../kernel/errors';
import type { Feed } from '../kernel/feed';
import type { Logger } from '../kernel/logger';
import type { MetricFamily, MetricScope } from '../kernel/metrics/metric-family';
import type { Prices } from '../kernel/prices';
import type { Endpoint, EndpointId, Serving } from '../serving/serving';
import { endpointTopic } from '../serving/serving.events';
import { compareVariants, type Comparison, type ComparisonRequest } from './comparison';
import { endOfEndpoint } from './endpoint-end';
import { EndpointWakes } from './endpoint-wakes';
import { checkInterval, checkPoints } from './interval';
import { latencyFeed, type EndpointLatencyEvent } from './latency-feed';
import type { LatencyRecorder } from './latency-recorder';
import type { AskedId } from './latency-row';
import type { LatencyWindow } from './latency-window';
import { latencyTopic, LatencyWriter } from './latency-writer';
import { measuredWindows } from './measured-windows';
import { MonitoringQueries } from './monitoring.queries';
import type { Measurements } from './measurements';
import { predictionMetrics } from './prediction-metrics';
import { predictionCost, type PredictionCost } from './prediction-cost';
import { checkSampling, predictionStream, type PredictionStreamEvent } from './prediction-stream';
import type { PredictionWatch } from './prediction-watch';
import type { SampleLimits } from './sample-gate';
import type { ShadowDifferences } from './shadow-differences';
import { gridSince } from './window-grid';

export { LatencyRecorder } from './latency-recorder';
export type { PredictionCost } from './prediction-cost';
export { PredictionObservers } from './prediction-observers';
export type { PredictionStreamEvent } from './prediction-stream';
export { PredictionWatch } from './prediction-watch';
export { ShadowDifferences } from './shadow-differences';
export { workersOn } from './spent-time';
export type { EndpointLatencyEvent } from './latency-feed';
export type { DoorLatency, LatencyWindow, VariantLatency } from './latency-window';
export type {
  BatchesClosed,
  BatchSizeQuantiles,
  FailureCount,
  LatencyQuantiles,
  Measurements,
} from './measurements';

export interface MonitoringDependencies {
  /** What predictions are counted by; it is made first, since serving tells it of each. */
  readonly recorder: LatencyRecorder;
  /** As the recorder, for what shadows answer. */
  readonly differences: ShadowDifferences;
  /** As the recorder, for those who watch single predictions. */
  readonly watch: PredictionWatch;
  readonly serving: Serving;
  readonly database: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  /** Null: nobody has said what anything costs. */
  readonly prices: Prices | null;
  /** Milliseconds since 1970, the same as the recorder's. */
  readonly nowMs: () => number;
}

/**
 * A span of latencies, of an endpoint or of what a version was asked by reference: from `since` until now, in at most
 * `maxPoints` windows.
 */
export interface LatencySpan {
  readonly askedId: AskedId;
  readonly since: Date;
  readonly maxPoints: number;
}

export interface EndpointLatencyRequest {
  /** Name of the endpoint. */
  readonly endpoint: string;
  readonly intervalMs: number;
}

export interface PredictionStreamRequest extends SampleLimits {
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** Whether to show the first values of each question. */
  readonly includeInputs: boolean;
}

/** How endpoints, and versions asked by reference, are doing: latencies, errors and batch sizes, over time. */
export class Monitoring {
  private readonly queries: MonitoringQueries;
  private readonly writer: LatencyWriter;

  constructor(private readonly input: MonitoringDependencies) {
    this.queries = new MonitoringQueries(input.database);
    this.writer = new LatencyWriter(input);
  }

  start(): void {
    this.writer.start();
  }

  /** Writes what is left. Idempotent. */
  stop(): Promise<void> {
    return this.writer.stop();
  }

  /** The windows of each span, in order of time. Spans that begin before what is kept begin with what is kept. */
  async latencies(
    actor: Actor,
    spans: readonly LatencySpan[],
  ): Promise<readonly (readonly LatencyWindow[])[]> {
    authorize(actor, 'platform:read');
    for (const { maxPoints } of spans) checkPoints(maxPoints);
    const nowMs = this.input.nowMs();
    const wanted = spans.flatMap(({ askedId, since, maxPoints }, place) => {
      const grid = gridSince(since.getTime(), maxPoints, nowMs);
      return grid ? [{ place, askedId, grid }] : [];
    });
    const read = await measuredWindows(this.queries, actor.projectId, wanted);
    const windows = spans.map((): readonly LatencyWindow[] => []);
    wanted.forEach(({ place }, index) => (windows[place] = read[index] ?? []));
    return windows;
  }

  /** What callers have seen of this process, for Prometheus. */
  metrics(scope: MetricScope): readonly MetricFamily[] {
    return predictionMetrics(this.input.recorder, this.input.prices, scope);
  }

  /** What predictions that the caller was told of have cost; null without a price. */
  costOf(measured: Pick<Measurements, 'spent' | 'accounted'>): PredictionCost | null {
    return predictionCost(measured, this.input.prices);
  }

  /** Two variants of an endpoint that the caller was given, held against each other. */
  async comparison(actor: Actor, request: ComparisonRequest): Promise<Comparison> {
    authorize(actor, 'platform:read');
    return compareVariants({ ...this.input, queries: this.queries }, actor, request);
  }

  /** What an endpoint's latencies do, for any number of readers: snapshots, each new window, redeployments. */
  async endpointLatency(
    actor: Actor,
    { endpoint: name, intervalMs }: EndpointLatencyRequest,
  ): Promise<Feed<EndpointLatencyEvent>> {
    authorize(actor, 'platform:read');
    checkInterval(intervalMs);
    const endpoint = await this.endpoint(actor, name);
    return latencyFeed({
      intervalMs,
      endpoint,
      listen: (signal) => this.listen(endpoint, signal),
      nowMs: this.input.nowMs,
      windows: async (grid) => {
        const key = { askedId: endpoint.id, grid };
        const [windows = []] = await measuredWindows(this.queries, actor.projectId, [key]);
        return windows;
      },
      readEndpoint: () => this.endpointById(actor, endpoint.id),
    });
  }

  /** Single predictions that this process answers through an endpoint, for any number of readers. */
  async predictionStream(
    actor: Actor,
    { endpoint: name, sampleRate, maxPerSecond, includeInputs }: PredictionStreamRequest,
  ): Promise<Feed<PredictionStreamEvent>> {
    authorize(actor, 'platform:read');
    if (includeInputs) authorize(actor, 'endpoint:inspect');
    const limits = { sampleRate, maxPerSecond };
    checkSampling(limits);
    const { id: endpointId } = await this.endpoint(actor, name);
    const { watch, nowMs, bus } = this.input;
    watch.checkRoom(endpointId);
    const ends = (signal: AbortSignal) =>
      endOfEndpoint(bus, endpointId, () => this.endpointById(actor, endpointId), signal);
    return predictionStream({ endpointId, limits, withInputs: includeInputs, watch, nowMs, ends });
  }

  private async endpoint(actor: Actor, name: string): Promise<Endpoint> {
    const endpoint = await this.input.serving.endpointByName(actor, name);
    if (!endpoint) throw new Failure('BAD_USER_INPUT', `endpoint: there is no endpoint “${shorten(name)}”.`);
    return endpoint;
  }

  /** Another one that is called as it was is another one. */
  private async endpointById(actor: Actor, id: EndpointId): Promise<Endpoint | null> {
    const [endpoint] = await this.input.serving.endpointsByIds(actor, [id]);
    return endpoint ?? null;
  }

  private listen({ id }: Endpoint, signal: AbortSignal): EndpointWakes {
    return new EndpointWakes(
      this.input.bus,
      { traffic: latencyTopic(id), change: endpointTopic(id) },
      signal,
    );
  }
}
