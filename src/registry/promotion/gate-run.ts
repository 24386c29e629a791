import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Artifacts } from '../../kernel/artifacts/artifacts';
import type { Artifact, Sha256 } from '../../kernel/artifacts/artifact';
import { shorten } from '../../kernel/errors';
import {
  integrityGate,
  limitGate,
  MEASURED_BY_PLATFORM,
  worstOf,
  type GateResult,
  type Measurement,
} from './gates';
import type { ModelInspector } from '../model-inspector';
import type { MetricLimit, Model } from '../models/model';
import type { ModelVersion, VersionFile, VersionMetric } from '../versions/model-version';

/** Single rows timed for a p99: the third-worst of them decides, and a slow model does not hold the caller long. */
const LATENCY_SAMPLES = 300;

/** Finds the facts that gates judge by. What cannot be found out becomes a gate that has not passed. */
export class GateRun {
  constructor(
    private readonly needs: { readonly artifacts: Artifacts; readonly inspector: ModelInspector },
  ) {}

  /** Integrity first: a file that is not what was registered is neither loaded nor timed. */
  async run(
    model: Model,
    version: ModelVersion,
    metrics: readonly VersionMetric[],
    files: readonly VersionFile[],
  ): Promise<readonly GateResult[]> {
    const integrity = await this.integrity(version, files);
    const limits: GateResult[] = [];
    for (const limit of model.limits)
      limits.push(limitGate(limit, await this.measure(limit, version, metrics, integrity.passed)));
    return [integrity, ...limits];
  }

  /** Of the first that is not what it was; of the version's own bytes where all are. */
  private async integrity(version: Artifact, files: readonly VersionFile[]): Promise<GateResult> {
    const own = integrityGate(version.sha256, await this.storedHash(version));
    if (!own.passed) return own;
    for (const file of files) {
      const result = integrityGate(file.sha256, await this.storedHash(file));
      if (!result.passed) return { ...result, message: `${shorten(file.path)}: ${result.message}` };
    }
    return own;
  }

  private async storedHash(
    artifact: Artifact,
  ): Promise<{ readonly sha256: Sha256 } | { readonly why: string }> {
    const hash = createHash('sha256');
    try {
      await pipeline(await this.needs.artifacts.read(artifact), hash);
      return { sha256: hash.digest('hex') as Sha256 };
    } catch (error) {
      return { why: `${codeOf(error)}.` };
    }
  }

  private async measure(
    limit: MetricLimit,
    version: ModelVersion,
    metrics: readonly VersionMetric[],
    isIntact: boolean,
  ): Promise<Measurement> {
    switch (limit.key) {
      case 'model_size_bytes':
        return { ok: true, value: version.sizeBytes, unit: MEASURED_BY_PLATFORM.model_size_bytes, on: null };
      case 'latency_p99_ms':
        return isIntact
          ? this.latency(version)
          : { ok: false, unit: 'ms', why: 'Not measured, since the stored bytes are damaged.' };
      default:
        return ownMetric(limit, version, metrics);
    }
  }

  private async latency(version: ModelVersion): Promise<Measurement> {
    const unit = MEASURED_BY_PLATFORM.latency_p99_ms;
    if (version.format === 'OPAQUE')
      return { ok: false, unit, why: 'Not measured, since the version is kept as files and never opened.' };
    try {
      const { p99Ms } = await this.needs.inspector.measureLatency(version, LATENCY_SAMPLES);
      return { ok: true, value: p99Ms, unit, on: `${LATENCY_SAMPLES} single rows` };
    } catch (error) {
      return { ok: false, unit, why: `The latency could not be measured: ${messageOf(error)}` };
    }
  }
}

function ownMetric(
  { key, comparison }: MetricLimit,
  version: ModelVersion,
  metrics: readonly VersionMetric[],
): Measurement {
  const worst = worstOf(
    comparison,
    metrics.filter((metric) => metric.key === key),
  );
  if (worst === null)
    return { ok: false, unit: null, why: `${version.ref} has no metric “${key}”: register it with one.` };
  return { ok: true, value: worst.value, unit: null, on: worst.datasetRef };
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
/** A code, not a message: a message of the file system tells paths. */
const codeOf = (error: unknown) => (error as { code?: string } | null)?.code ?? 'unknown error';
