import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import { parseSha256, type Artifacts } from '../../kernel/artifacts/artifacts';
import {
  invalidInput,
  notFound,
  refuse,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../../kernel/errors';
import { InputCheck } from '../../kernel/input-check';
import { tensorBytes } from '../../kernel/tensors/tensor-bytes';
import { ask } from '../asking/ask';
import type { CacheKeeper } from '../cache/cache-keeper';
import { decodeQuestion } from '../cache/cache-popular';
import { MAX_POPULAR } from '../cache/cache-popular.store';
import { MAX_FILE_BYTES, questionsOfFile, type WarmQuestion } from './cache-warm-file';
import type { EndpointId } from '../endpoints/endpoint';
import type { AbsentModels } from '../names/absent-models';
import type { PredictInput } from '../asking/predict-input';
import type { PredictResult } from '../predictions/prediction';
import { questionFor } from '../predictions/question';
import type { RunningEndpoint, RunningVariant } from '../routing/running-endpoint';

export interface WarmCache {
  readonly endpoint: string;
  /** Exactly one of `artifact`, a file of questions, and `popular`, how many of those that came again lately. */
  readonly artifact?: { readonly sha256: string } | null;
  readonly popular?: number | null;
}

/** How many answers were prepared: one a question and variant. */
export interface Warmed {
  readonly ok: true;
  readonly computed: number;
  readonly alreadyThere: number;
  readonly refused: number;
  /** Why, of the first few that were refused. */
  readonly reasons: readonly string[];
  /** Whether all questions were reached in time, and while the endpoint had a cache. */
  readonly isComplete: boolean;
}
export type WarmResult = Warmed | Refusal<InvalidInput | NotFound>;

export interface WarmingInput extends PredictInput {
  readonly artifacts: Artifacts;
  readonly cacheKeeper: CacheKeeper;
}

type WarmQuestions = AsyncIterator<WarmQuestion> | Iterator<WarmQuestion>;

/** Longest that one call goes on, in ms: what proxies in between commonly wait. */
const WARMING_LIMIT_MS = 30_000;
/** Questions at once: enough to fill batches, and few among a queue of thousands. */
const AT_ONCE = 64;
const MAX_REASONS = 5;
/** Behind everybody who waits for an answer, and not among the numbers about them. */
const PRELOADING = { priority: 'LOW', isCounted: false } as const;

/** Asks questions before callers do, so that an endpoint's cache knows the answers. */
export class CacheWarming {
  private readonly underWay = new Set<EndpointId>();

  constructor(private readonly input: WarmingInput & { readonly absent: AbsentModels }) {}

  async warm(actor: Actor, request: WarmCache): Promise<WarmResult> {
    authorize(actor, 'endpoint:deploy');
    const wrong = checkRequest(request);
    if (wrong) return refuse(wrong);
    const endpoint = this.input.routing.endpoint(actor.projectId, request.endpoint);
    if (!endpoint) return refuse(await this.input.absent.explainEndpoint(actor, request.endpoint));
    const unfit = this.whyNot(endpoint);
    if (unfit) return refuse(unfit);
    this.underWay.add(endpoint.id);
    try {
      const questions = await this.questionsOf(actor, endpoint, request);
      return 'kind' in questions ? refuse(questions) : await this.askAll(endpoint, questions);
    } finally {
      this.underWay.delete(endpoint.id);
    }
  }

  private whyNot({ id, name, settings }: RunningEndpoint): InvalidInput | null {
    const path = 'endpoint';
    if (settings.cacheTtlMs === 0)
      return invalidInput([{ path, expected: 'one with settings.cacheTtlMs above 0', actual: `“${name}”` }]);
    if (this.underWay.has(id))
      return invalidInput([{ path, expected: 'one that is not being warmed', actual: `“${name}”` }]);
    return null;
  }

  private async questionsOf(
    { projectId }: Actor,
    { id }: RunningEndpoint,
    { artifact, popular }: WarmCache,
  ): Promise<WarmQuestions | InvalidInput | NotFound> {
    if (!artifact) return popularQuestions(await this.input.cacheKeeper.mostPopular(id, popular ?? 0));
    const sha256 = parseSha256(artifact.sha256);
    const found = sha256 && (await this.input.artifacts.find(projectId, sha256));
    if (!found) return notFound('artifact', artifact.sha256);
    const actual = `${found.sizeBytes} bytes`;
    return found.sizeBytes > MAX_FILE_BYTES
      ? invalidInput([{ path: 'artifact', expected: `at most ${MAX_FILE_BYTES} bytes`, actual }])
      : questionsOfFile(await this.input.artifacts.read(found));
  }

  private async askAll(endpoint: RunningEndpoint, questions: WarmQuestions): Promise<Warmed> {
    const deadlineAt = performance.now() + WARMING_LIMIT_MS;
    const tally = new Tally();
    const askOn = async () => {
      while (performance.now() < deadlineAt && this.input.cache.remembersFor(endpoint.id)) {
        const next = await questions.next();
        if (next.done) return true;
        for (const variant of endpoint.variants)
          tally.add(next.value.place, await this.askOne(endpoint, variant, next.value));
      }
      return false;
    };
    const ends = await Promise.all(Array.from({ length: AT_ONCE }, askOn));
    await questions.return?.();
    return { ok: true, ...tally.result(), isComplete: ends.includes(true) };
  }

  private async askOne(
    { id, name, settings, shadows }: RunningEndpoint,
    variant: RunningVariant,
    { question: asked }: WarmQuestion,
  ): Promise<PredictResult | { readonly problem: string }> {
    if ('problem' in asked) return asked;
    const startedAt = performance.now();
    const route = { model: variant.model, settings, endpoint: { id, name, variant, shadows } };
    const question = questionFor(variant.model, asked);
    return question.ok
      ? ask(
          this.input,
          { route, startedAt, deadlineAt: startedAt + settings.timeoutMs },
          question,
          PRELOADING,
        )
      : question;
  }
}

function checkRequest({ endpoint, artifact, popular }: WarmCache): InvalidInput | null {
  const check = new InputCheck().endpointName('endpoint', endpoint);
  const isPopular = popular !== null && popular !== undefined;
  if (isPopular === Boolean(artifact))
    check.add('input', 'exactly one of artifact and popular', isPopular ? 'both' : 'neither');
  if (isPopular && (popular < 1 || popular > MAX_POPULAR))
    check.add('popular', `1 to ${MAX_POPULAR}`, String(popular));
  return check.result();
}

/** As tensors, which is what rows have become: a new version's signature is asked whether it takes them. */
function* popularQuestions(kept: readonly Buffer[]): Generator<WarmQuestion> {
  for (const [index, bytes] of kept.entries()) {
    const asked = decodeQuestion(bytes);
    if (!asked) continue;
    const inputs = asked.inputs.map(({ data, ...tensor }) => ({ ...tensor, bytes: tensorBytes(data) }));
    yield { place: `popular question ${index + 1}`, question: { inputs, outputs: asked.outputs ?? null } };
  }
}

class Tally {
  private computed = 0;
  private alreadyThere = 0;
  private refused = 0;
  private readonly reasons: string[] = [];

  add(place: string, result: PredictResult | { readonly problem: string }): void {
    if ('problem' in result) this.refuse(place, result.problem);
    else if (!result.ok) this.refuse(place, result.error.message);
    else if (result.cached) this.alreadyThere += 1;
    else this.computed += 1;
  }

  result() {
    const { computed, alreadyThere, refused, reasons } = this;
    return { computed, alreadyThere, refused, reasons };
  }

  private refuse(place: string, reason: string): void {
    this.refused += 1;
    if (this.reasons.length < MAX_REASONS) this.reasons.push(`${place}: ${reason}`);
  }
}
