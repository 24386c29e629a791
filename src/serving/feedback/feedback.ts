import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import type { Bus } from '../../kernel/bus';
import type { Database } from '../../kernel/database/database';
import {
  invalidInput,
  notFound,
  refuse,
  type InvalidInput,
  type NotFound,
  type Refusal,
  type UserError,
} from '../../kernel/errors';
import { InputCheck } from '../../kernel/input-check';
import { checkFeedback, type FeedbackInput } from './feedback-check';
import { FeedbackStore, type FeedbackRow, type KeptFeedback } from './feedback.store';
import type { PredictionKeys } from './prediction-keys';
import { readPredictionId, type PredictionSource } from './prediction-id';

export type { FeedbackInput } from './feedback-check';

/** Feedback of one call: a page of a night's truths; more come in more calls. */
export const MAX_FEEDBACK = 1_000;
/** Woken when there is feedback to an endpoint that learns. */
export const FEEDBACK_TOPIC = 'feedback';

/** What came of a prediction. */
export interface Feedback extends PredictionSource {
  readonly predictionId: string;
  readonly reward: number;
  readonly truth: unknown;
  readonly predictedAt: Date;
}
/** The prediction has other feedback already. */
export interface FeedbackConflict extends UserError<'FeedbackConflictError'> {
  /** What was recorded before. */
  readonly reward: number;
}
interface Recorded {
  readonly ok: true;
  readonly feedback: Feedback;
  /** False where the prediction had feedback before, the same or, with `replace`, another. */
  readonly created: boolean;
}
export type FeedbackRefusal = InvalidInput | NotFound | FeedbackConflict;
export type FeedbackResult = Recorded | Refusal<FeedbackRefusal>;
/** A result for each, in their order. */
export type FeedbackManyResult =
  { readonly ok: true; readonly results: readonly FeedbackResult[] } | Refusal<InvalidInput>;

/** Feedback that may be kept: its prediction is one of the project's. */
interface Accepted {
  readonly ok: true;
  readonly row: FeedbackRow;
  readonly replace: boolean;
  readonly feedback: Feedback;
}

/** Keeps what came of predictions: once for each, whoever tells it, and however often. */
export class FeedbackRecording {
  private readonly store = new FeedbackStore();

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly bus: Bus;
      readonly keys: PredictionKeys;
      /** Whether an endpoint chooses by rewards, so that processes must hear of them. */
      readonly learns: (endpointId: string) => boolean;
    },
  ) {}

  async record(actor: Actor, input: FeedbackInput): Promise<FeedbackResult> {
    const [result] = await this.recordAll(actor, [input]);
    if (!result) throw new Error('Each feedback has its result.');
    return result;
  }

  /** One that is refused leaves the others alone. */
  async recordMany(actor: Actor, inputs: readonly FeedbackInput[]): Promise<FeedbackManyResult> {
    const error = new InputCheck().count('feedback', inputs.length, MAX_FEEDBACK).result();
    return error ? refuse(error) : { ok: true, results: await this.recordAll(actor, inputs) };
  }

  private async recordAll(actor: Actor, inputs: readonly FeedbackInput[]): Promise<FeedbackResult[]> {
    authorize(actor, 'endpoint:predict');
    const secret = await this.needs.keys.of(actor.projectId);
    const accepted = refuseTwins(inputs.map((input) => acceptFeedback(actor, secret, input, new Date())));
    const rows = accepted.flatMap((one) => (one.ok ? [one] : []));
    if (rows.length === 0) return accepted.flatMap((one) => (one.ok ? [] : [one]));
    const kept = await this.write(rows);
    return accepted.map((one) => (one.ok ? resultOf(one, kept.get(one.row.predictionId)) : one));
  }

  /** What there was before, by prediction; those that are not in it were new. */
  private write(accepted: readonly Accepted[]): Promise<ReadonlyMap<string, KeptFeedback>> {
    const { database, bus, learns } = this.needs;
    return database.transaction(async (tx) => {
      // In one order everywhere, or two calls with the same predictions would wait for each other.
      const rows = accepted
        .map(({ row }) => row)
        .sort((one, other) => (one.predictionId < other.predictionId ? -1 : 1));
      const fresh = await this.store.add(tx, rows);
      const old = rows.filter(({ predictionId }) => !fresh.has(predictionId));
      const kept = old.length === 0 ? new Map<string, KeptFeedback>() : await this.store.lock(tx, old);
      const replaced = accepted.filter(
        ({ row, replace }) => replace && kept.get(row.predictionId)?.isSame === false,
      );
      if (replaced.length > 0)
        await this.store.replace(
          tx,
          replaced.map(({ row }) => row),
        );
      if (rows.some(({ endpointId }) => learns(endpointId))) await bus.wake(tx, FEEDBACK_TOPIC);
      return kept;
    });
  }
}

function acceptFeedback(
  { projectId }: Actor,
  secret: Buffer,
  input: FeedbackInput,
  now: Date,
): Accepted | Refusal<InvalidInput | NotFound> {
  const read = readPredictionId(secret, input.predictionId);
  if (!read) return refuse(notFound('prediction through an endpoint', input.predictionId));
  const error = checkFeedback(input, read.predictedAt, now);
  if (error) return refuse(error);
  const { reward, truth = null, replace } = input;
  const { uuid, predictedAt, source } = read;
  return {
    ok: true,
    row: { ...source, projectId, predictionId: uuid, reward, truth, predictedAt },
    replace: replace ?? false,
    feedback: { ...source, predictionId: input.predictionId, reward, truth, predictedAt },
  };
}

/**
 * Two that speak of one prediction contradict each other, or say the same: the second has no place in the same call.
 */
function refuseTwins(
  accepted: readonly (Accepted | Refusal<FeedbackRefusal>)[],
): readonly (Accepted | Refusal<FeedbackRefusal>)[] {
  const seen = new Set<string>();
  return accepted.map((one) => {
    if (!one.ok) return one;
    const { predictionId } = one.row;
    if (!seen.has(predictionId)) {
      seen.add(predictionId);
      return one;
    }
    const issue = {
      path: 'predictionId',
      expected: 'a prediction once in a call',
      actual: 'one that came before',
    };
    return refuse(invalidInput([issue]));
  });
}

function resultOf({ feedback, replace }: Accepted, before: KeptFeedback | undefined): FeedbackResult {
  if (!before) return { ok: true, feedback, created: true };
  if (before.isSame || replace) return { ok: true, feedback, created: false };
  return refuse({
    kind: 'FeedbackConflictError',
    code: 'FEEDBACK_CONFLICT',
    message: `The prediction has other feedback already, with the reward ${before.reward}. Say “replace” to correct it.`,
    reward: before.reward,
  });
}
