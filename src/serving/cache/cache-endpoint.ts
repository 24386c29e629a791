import type { Tensor } from '../../kernel/tensors/tensor';
import type { ModelVersion } from '../../registry/registry';
import type { BatchAnswer } from '../batching/batch-request';
import { DEFAULT_PRIORITY, type Priority } from '../batching/priority';
import { Flights, type Waiting } from './cache-flights';
import { questionKey } from './cache-key';
import { ageOf, AnswerMemory, ownCopies, type RememberedAnswer } from './cache-memory';
import { PopularQuestions } from './cache-popular';
import type { SharedAnswers } from './cache-shared';
import type { EndpointSettings } from '../endpoints/endpoint-settings';
import type { Question } from '../predictions/question';

/** One question to one version, as the cache knows it. */
export interface CacheableQuestion extends Pick<Question, 'inputs' | 'outputs'> {
  readonly version: ModelVersion;
}

export interface CacheCaller extends Waiting {
  /** Apart from others: nobody waits behind a leader who lets others pass. */
  readonly priority?: Priority | null | undefined;
  /** False for copies and preloading: the numbers are about who really asks. */
  readonly isCounted: boolean;
}

export interface CacheAnswer extends BatchAnswer {
  /** How old the remembered answer is; null where it was computed for this question. */
  readonly ageMs: number | null;
  /** Whether it was computed for somebody else who asked the same at the same time. */
  readonly coalesced: boolean;
}

/** What the cache of one endpoint has done in this process, and holds. */
export interface CacheStatistics {
  readonly hits: number;
  readonly misses: number;
  readonly coalesced: number;
  readonly entries: number;
  readonly sizeBytes: number;
  readonly oldestAgeMs: number | null;
}

type CacheSettings = Pick<EndpointSettings, 'cacheTtlMs' | 'cacheMaxBytes'>;
/** An answer on its way to all who wait for it. */
type Found = Omit<CacheAnswer, 'coalesced'>;

/** Share of a caller's time that looking for a shared answer may take: the rest is for computing one. */
const PATIENCE = 0.5;

/** The answers of one endpoint: in memory, then in the shared store, then from the model, once for all who ask now. */
export class EndpointCache {
  readonly popular = new PopularQuestions();
  private readonly memory: AnswerMemory;
  private readonly flights = new Flights<Found>();
  private hits = 0;
  private misses = 0;
  private coalesced = 0;

  constructor(
    private settings: CacheSettings,
    private readonly shared: SharedAnswers | null,
    private readonly nowMs: () => number,
  ) {
    this.memory = new AnswerMemory(settings.cacheMaxBytes, settings.cacheTtlMs);
  }

  configure(settings: CacheSettings): void {
    if (settings === this.settings) return;
    this.settings = settings;
    this.memory.configure(settings.cacheMaxBytes, settings.cacheTtlMs);
  }

  /** @throws what `compute` throws, and WorkerUnavailable where the caller leaves or can wait no longer */
  async answer(
    question: CacheableQuestion,
    caller: CacheCaller,
    compute: () => Promise<BatchAnswer>,
  ): Promise<CacheAnswer> {
    const key = questionKey(question.version.id, question.inputs, question.outputs);
    const known = this.memory.get(key, this.nowMs());
    const found = known
      ? { ...remembered(known, this.nowMs()), coalesced: false }
      : await this.find(key, question, caller, compute);
    if (caller.isCounted) this.count(key, question, found);
    return found;
  }

  forgetExpired(limit: number): void {
    this.memory.forgetExpired(this.nowMs(), limit);
  }

  statistics(): CacheStatistics {
    const { hits, misses, coalesced, memory } = this;
    const { size: entries, sizeBytes } = memory;
    return { hits, misses, coalesced, entries, sizeBytes, oldestAgeMs: memory.oldestAgeMs(this.nowMs()) };
  }

  private async find(
    key: string,
    question: CacheableQuestion,
    caller: CacheCaller,
    compute: () => Promise<BatchAnswer>,
  ): Promise<CacheAnswer> {
    const startedAt = performance.now();
    const flight = `${key}${caller.priority ?? DEFAULT_PRIORITY}`;
    const lead = () => this.lead(key, question, caller, compute);
    const { answer, followed } = await this.flights.join(flight, caller, lead);
    return followed ? whileWaiting(answer, performance.now() - startedAt) : { ...answer, coalesced: false };
  }

  private async lead(
    key: string,
    question: CacheableQuestion,
    caller: CacheCaller,
    compute: () => Promise<BatchAnswer>,
  ): Promise<Found> {
    const sharedKey = `prediction:${question.version.projectId}:${key}`;
    const shared = await this.lookUpShared(sharedKey, question, caller);
    const nowMs = this.nowMs();
    if (shared) {
      this.memory.put(key, shared.outputs, shared.storedAtMs, nowMs);
      return remembered(shared, nowMs);
    }
    const answer = await compute();
    const outputs = ownCopies(answer.outputs);
    const storedAtMs = this.nowMs();
    this.memory.put(key, outputs, storedAtMs, storedAtMs);
    this.shared?.put(sharedKey, outputs, storedAtMs, this.settings.cacheTtlMs);
    return { ...answer, outputs, ageMs: null };
  }

  private async lookUpShared(
    sharedKey: string,
    question: CacheableQuestion,
    { deadlineAt }: CacheCaller,
  ): Promise<RememberedAnswer | undefined> {
    const answer = await this.shared?.get(sharedKey, (deadlineAt - performance.now()) * PATIENCE);
    if (!answer || ageOf(answer.storedAtMs, this.nowMs(), this.settings.cacheTtlMs) === null)
      return undefined;
    return isAnswerTo(question, answer.outputs) ? answer : undefined;
  }

  private count(key: string, question: CacheableQuestion, { ageMs, coalesced }: CacheAnswer): void {
    if (coalesced) this.coalesced += 1;
    else if (ageMs === null) this.misses += 1;
    else this.hits += 1;
    if (coalesced || ageMs !== null) this.popular.note(key, question);
  }
}

const remembered = ({ outputs, storedAtMs }: RememberedAnswer, nowMs: number): Found => ({
  outputs,
  ageMs: Math.max(0, nowMs - storedAtMs),
  ...{ batchSize: 0, queueMs: 0, computeMs: 0, closed: null },
});

/** Of its wait, the model's run is what it was, and all else was waiting for it. The run is counted with its leader. */
function whileWaiting(answer: Found, waitedMs: number): CacheAnswer {
  const computeMs = Math.min(answer.computeMs, waitedMs);
  const queueMs = answer.ageMs === null ? waitedMs - computeMs : 0;
  return { ...answer, computeMs, queueMs, coalesced: true, closed: null };
}

/** Whether the tensors are those that the version answers with: others may have written to the store. */
function isAnswerTo({ version, outputs: wanted }: CacheableQuestion, outputs: readonly Tensor[]): boolean {
  const specs = version.signature.outputs;
  const names = wanted ?? specs.map(({ name }) => name);
  const isDeclared = ({ name, datatype }: Tensor) =>
    specs.some((spec) => spec.name === name && spec.datatype === datatype);
  return (
    names.length === outputs.length &&
    outputs.every((output, index) => output.name === names[index] && isDeclared(output))
  );
}
