import type { Actor } from '../../../src/kernel/actor';
import { newId } from '../../../src/kernel/ids';
import type { ModelVersionId } from '../../../src/registry/registry';
import type { BatchAnswer, BatchRequest } from '../../../src/serving/batching/batch-request';
import type { EndpointId } from '../../../src/serving/endpoints/endpoint';
import { DEFAULT_SETTINGS } from '../../../src/serving/endpoints/endpoint-settings';
import { readPredictionId } from '../../../src/serving/feedback/prediction-id';
import { InvalidInput } from '../../../src/serving/execution/invalid-input';
import { predict } from '../../../src/serving/predict';
import type { PredictInput } from '../../../src/serving/asking/predict-input';
import type { PredictRequest } from '../../../src/serving/predictions/prediction';
import type { Observation, ShadowOutcome } from '../../../src/serving/seen/observation';
import type { RunningVariant } from '../../../src/serving/routing/running-endpoint';
import { SequencePlaces } from '../../../src/serving/routing/sequence-places';
import { MAX_COPIES } from '../../../src/serving/routing/shadow-room';
import { BY_WEIGHTS } from '../../../src/serving/endpoints/strategy';
import { FIRST_REST_MS, MAX_FAILURES } from '../../../src/serving/routing/variant-health';
import { VariantKnowledge } from '../../../src/serving/routing/variant-knowledge';
import { WorkerUnavailable, type UnavailableReason } from '../../../src/serving/execution/worker-unavailable';

const ACTOR: Actor = { keyId: 'k', keyName: 'k', role: 'admin', projectId: newId<'project'>() };
const ENDPOINT = newId() as EndpointId;
const X = { name: 'x', datatype: 'FP32', shape: [-1, 1] } as const;
const Y = { name: 'y', datatype: 'FP32', shape: [-1, 1] } as const;

function variant(name: string, { weight = 1, shadow = false } = {}): RunningVariant {
  const versionId = newId() as ModelVersionId;
  const signature = { columns: [], inputs: [X], outputs: [Y], batchable: true, labels: null };
  const known = new VariantKnowledge(Buffer.alloc(32), { endpointId: ENDPOINT, variant: name, versionId });
  const version = { id: versionId, ref: `${name}@1.0.0`, signature };
  return {
    name,
    weight,
    shadow,
    ref: name,
    model: { version, file: { sha256: name, remote: { backend: 'open-inference' } } },
    known,
  } as unknown as RunningVariant;
}

/** What any reference leads to. */
const BY_ITSELF = variant('by-itself');
const SEQUENCE = { id: 7, start: false, end: false };
const NOBODY_ABSENT = { explainTarget: () => Promise.reject(new Error('Everybody is there.')) };

/** What is asked of each model, by name, and how it answers. */
class FakeBatcher {
  readonly asked: string[] = [];
  readonly answers = new Map<string, () => Promise<BatchAnswer>>();

  submit({ file: { sha256 } }: BatchRequest): Promise<BatchAnswer> {
    this.asked.push(sha256);
    return (this.answers.get(sha256) ?? (() => answer(1)))();
  }
}
const answer = (...values: number[]): Promise<BatchAnswer> =>
  Promise.resolve({
    outputs: [{ ...Y, shape: [values.length, 1], data: Float32Array.from(values) }],
    batchSize: 1,
    queueMs: 0,
    computeMs: 0,
    closed: null,
  });
const failing = (reason: UnavailableReason) => () =>
  Promise.reject(new WorkerUnavailable(reason, `It ${reason}.`));

let batcher: FakeBatcher;
let observed: Observation[];
let outcomes: ShadowOutcome[];
beforeEach(() => {
  batcher = new FakeBatcher();
  observed = [];
  outcomes = [];
});

/** Of an endpoint that remembers answers, this one not yet. */
const cacheOf = {
  of: () => ({
    answer: async (_question: unknown, _limits: unknown, compute: () => Promise<BatchAnswer>) => ({
      ...(await compute()),
      ageMs: null,
      coalesced: false,
    }),
  }),
};

function ask(
  variants: readonly RunningVariant[],
  request: PredictRequest = {},
  more: object = {},
  settings = DEFAULT_SETTINGS,
) {
  const running = {
    id: ENDPOINT,
    settings,
    rules: [],
    strategy: BY_WEIGHTS,
    variants: variants.filter(({ shadow }) => !shadow),
    shadows: variants.filter(({ shadow }) => shadow),
  };
  const parts = {
    routing: {
      sequences: new SequencePlaces(),
      endpoint: () => running,
      version: () => Promise.resolve(BY_ITSELF.model),
    },
    cache: { of: () => null },
    batcher,
    statistics: { record: () => undefined },
    observer: { observe: (observation: Observation) => observed.push(observation) },
    shadowObserver: { compare: (outcome: ShadowOutcome) => outcomes.push(outcome) },
    ...more,
  } as unknown as PredictInput;
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [1] }];
  return predict(parts, ACTOR, { endpoint: 'any', inputs, ...request }, NOBODY_ABSENT);
}
const ranOn = (backend: string) => () =>
  answer(1).then((one): BatchAnswer => ({ ...one, ranOn: { backend, provider: null } }));
/** Until everything that was begun has been told. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a question of a sequence costs the time of its run, and no more', async () => {
  const submit = jest.spyOn(batcher, 'submit');
  batcher.answers.set('one', () => answer(1, 2).then((one) => ({ ...one, batchSize: 2, computeMs: 8 })));
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [2, 1], data: [1, 2] }];
  await ask([variant('one')], { sequence: SEQUENCE, inputs });
  expect(submit.mock.calls).toMatchObject([[{ batchable: true, sequence: SEQUENCE }]]);
  expect(observed).toMatchObject([{ rows: 2, busyMs: 8 }]);
});

test.each([
  ['counts as one that was looked for', null, true],
  ['does not, where it belongs to a sequence', SEQUENCE, false],
])('a question of an endpoint that remembers answers %s', async (_, sequence, cacheable) => {
  const record = jest.fn();
  const settings = { ...DEFAULT_SETTINGS, cacheTtlMs: 1_000 };
  await ask([variant('one')], { sequence }, { cache: cacheOf, statistics: { record } }, settings);
  expect(record.mock.calls).toMatchObject([[{ cacheable }]]);
});

describe('a prediction that its variant has failed', () => {
  const broken = () => variant('broken', { weight: 1e9 });

  test.each<UnavailableReason>(['crashed', 'timeout', 'quarantined', 'load-failed', 'memory', 'unfit'])(
    'is asked of another, where it %s',
    async (reason) => {
      batcher.answers.set('broken', failing(reason));
      expect(await ask([broken(), variant('other')])).toMatchObject({ ok: true, variant: 'other' });
      expect(batcher.asked).toEqual(['broken', 'other']);
      expect(observed).toMatchObject([
        { variant: 'broken', error: reason },
        { variant: 'other', error: null },
      ]);
    },
  );

  test.each<UnavailableReason>(['deadline', 'cancelled', 'busy', 'stopped'])(
    'is not, where another could not do better: %s',
    async (reason) => {
      batcher.answers.set('broken', failing(reason));
      expect(await ask([broken(), variant('other')])).toMatchObject({ ok: false, error: { reason } });
      expect(batcher.asked).toEqual(['broken']);
    },
  );

  test('is not, where it belongs to a sequence: another would not know what was asked before', async () => {
    batcher.answers.set('broken', failing('crashed'));
    const variants = [broken(), variant('other'), variant('shadow', { shadow: true })];
    expect(await ask(variants, { sequence: SEQUENCE })).toMatchObject({ error: { reason: 'crashed' } });
    expect(batcher.asked).toEqual(['broken']);
  });

  test('is no error of the variant, where its caller has left', async () => {
    batcher.answers.set('broken', failing('cancelled'));
    for (let time = 0; time <= MAX_FAILURES; time += 1) await ask([broken(), variant('other')]);
    expect(observed).toEqual([]);
    batcher.answers.clear();
    expect(await ask([broken(), variant('other')])).toMatchObject({ ok: true, variant: 'broken' });
  });

  test('is not, where the question is to blame', async () => {
    batcher.answers.set('broken', () => Promise.reject(new InvalidInput('Its values are wrong.')));
    expect(await ask([broken(), variant('other')])).toMatchObject({ error: { code: 'INVALID_INPUT' } });
    expect(batcher.asked).toEqual(['broken']);
  });

  test('is asked once more and not again; its own error is answered', async () => {
    for (const name of ['broken', 'other', 'third']) batcher.answers.set(name, failing('crashed'));
    batcher.answers.set('broken', failing('timeout'));
    const result = await ask([
      broken(),
      variant('other', { weight: 1e3 }),
      variant('third', { weight: 1e-6 }),
    ]);
    expect(result).toMatchObject({ ok: false, error: { reason: 'timeout' } });
    expect(batcher.asked).toEqual(['broken', 'other']);
  });

  describe('after some time', () => {
    /** The clock stands still but for what a model takes. */
    let nowMs = 0;
    const takes = (ms: number) => () => {
      nowMs += ms;
      return failing('crashed')();
    };
    beforeEach(() => jest.spyOn(performance, 'now').mockImplementation(() => nowMs));
    afterEach(() => jest.restoreAllMocks());

    test('is not asked again when its time is over', async () => {
      batcher.answers.set('broken', takes(2));
      expect(await ask([broken(), variant('other')], { timeoutMs: 1 })).toMatchObject({ ok: false });
      expect(batcher.asked).toEqual(['broken']);
    });

    test('takes as long as both tries together', async () => {
      batcher.answers.set('broken', takes(20));
      const result = await ask([broken(), variant('other')]);
      expect(result.ok && result.timing.totalMs).toBe(20);
      expect(observed[1]?.timing.totalMs).toBe(0); // what the other one took is its own
    });
  });

  test('gives shadows one copy', async () => {
    batcher.answers.set('broken', failing('crashed'));
    await ask([broken(), variant('other'), variant('shadow', { shadow: true })]);
    expect(batcher.asked).toEqual(['broken', 'shadow', 'other']);
  });

  test('costs its variant the traffic after several of them in a row', async () => {
    batcher.answers.set('broken', failing('crashed'));
    const variants = [broken(), variant('other')];
    for (let count = 0; count < MAX_FAILURES + 10; count += 1) await ask(variants);
    expect(batcher.asked.filter((name) => name === 'broken')).toHaveLength(MAX_FAILURES);
  });
});

describe('a shadow', () => {
  const live = () => variant('live');
  const shadow = () => variant('shadow', { shadow: true });
  /** Answers that come when they are let. */
  function held(name: string) {
    const waiting: (() => void)[] = [];
    batcher.answers.set(name, () => new Promise((resolve) => waiting.push(() => resolve(answer(1)))));
    return waiting;
  }

  test('is compared with what the caller got', async () => {
    batcher.answers.set('shadow', () => answer(1.5));
    const variants = [live(), shadow()];
    await ask(variants);
    await settled();
    expect(outcomes).toEqual([
      {
        projectId: ACTOR.projectId,
        endpointId: ENDPOINT,
        variant: 'shadow',
        versionId: variants[1]?.model.version.id,
        liveVariant: 'live',
        liveVersionId: variants[0]?.model.version.id,
        difference: { compared: 1, disagreed: 1, values: 1, absDifference: 0.5 },
      },
    ]);
  });

  test('keeps nobody waiting, and is compared when it comes', async () => {
    const waiting = held('shadow');
    expect(await ask([live(), shadow()])).toMatchObject({ ok: true, variant: 'live' });
    expect(outcomes).toEqual([]);
    waiting[0]?.();
    await settled();
    expect(outcomes).toMatchObject([{ difference: { disagreed: 0 } }]);
  });

  test('is asked after the caller’s question, and behind everybody', async () => {
    const submit = jest.spyOn(batcher, 'submit');
    await ask([live(), shadow()]);
    expect(submit.mock.calls.map(([{ file, priority }]) => [file.sha256, priority])).toEqual([
      ['live', undefined],
      ['shadow', 'LOW'],
    ]);
  });

  test.each(['live', 'shadow'])('is not compared where %s has no answer', async (name) => {
    batcher.answers.set(name, failing('deadline'));
    await ask([live(), shadow()]);
    await settled();
    expect(outcomes).toEqual([]);
  });

  test('holds so many copies; more are dropped and counted, until some are done', async () => {
    const waiting = held('shadow');
    const variants = [live(), shadow()];
    for (let count = 0; count < MAX_COPIES + 3; count += 1)
      expect(await ask(variants)).toMatchObject({ ok: true });
    expect(waiting).toHaveLength(MAX_COPIES);
    expect(outcomes).toMatchObject(
      Array.from({ length: 3 }, () => ({ variant: 'shadow', difference: null })),
    );
    waiting[0]?.();
    await settled();
    await ask(variants);
    expect(waiting).toHaveLength(MAX_COPIES + 1);
  });

  test('that fails in a row gets no more copies', async () => {
    batcher.answers.set('shadow', failing('crashed'));
    const variants = [live(), shadow()];
    for (let count = 0; count < MAX_FAILURES + 3; count += 1) {
      await ask(variants);
      await settled();
    }
    expect(batcher.asked.filter((name) => name === 'shadow')).toHaveLength(MAX_FAILURES);
    expect(outcomes).toHaveLength(3);
  });
});

describe('the values of a question', () => {
  test('are of no use to anybody, once a worker has answered it', async () => {
    batcher.answers.set('one', ranOn('onnx'));
    expect(await ask([variant('one')])).toMatchObject({ ok: true, spent: true });
  });

  test.each([
    ['a shadow has a copy of them', [variant('one'), variant('copy', { shadow: true })], {}],
    ['another server has answered', [variant('far')], {}],
    ['another variant was asked before', [variant('broken', { weight: 1e9 }), variant('one')], {}],
    ['the endpoint remembers answers', [variant('one')], { cache: cacheOf }],
  ])('may be looked at, where %s', async (_, variants, parts) => {
    for (const name of ['one', 'copy']) batcher.answers.set(name, ranOn('onnx'));
    batcher.answers.set('far', ranOn('open-inference'));
    batcher.answers.set('broken', failing('timeout'));
    expect(await ask(variants, {}, parts)).toMatchObject({ ok: true, spent: false });
  });
});

describe('a prediction that asks for a version of the endpoint', () => {
  const pinnedTo = ({ model }: RunningVariant): PredictRequest => ({ pinned: model.version });
  const idle = () => variant('idle', { weight: 0 });

  test('is answered by its variant, counted with it, and shadows get their copy', async () => {
    const asked = idle();
    const shadow = variant('shadow', { weight: 0, shadow: true });
    const result = await ask([variant('live'), asked, shadow], pinnedTo(asked));
    expect(result).toMatchObject({ ok: true, variant: 'idle', endpointId: ENDPOINT });
    await settled();
    expect(observed).toMatchObject([
      { variant: 'idle', endpointId: ENDPOINT },
      { variant: 'shadow', shadow: true },
    ]);
    expect(outcomes).toMatchObject([{ variant: 'shadow', liveVariant: 'idle' }]);
  });

  test('has an id that says that it was no chance', async () => {
    const asked = idle();
    const result = await ask([variant('live'), asked], pinnedTo(asked));
    const id = result.ok ? result.predictionId : '';
    expect(readPredictionId(Buffer.alloc(32), id)).toMatchObject({
      source: { variant: 'idle', byRule: true },
    });
  });

  test('is asked of no other where its variant fails, and its failures are the variant’s', async () => {
    const asked = idle();
    batcher.answers.set('idle', failing('crashed'));
    for (let time = 0; time < MAX_FAILURES; time += 1)
      expect(await ask([variant('live'), asked], pinnedTo(asked))).toMatchObject({
        ok: false,
        error: { reason: 'crashed' },
      });
    expect(new Set(batcher.asked)).toEqual(new Set(['idle']));
    expect(asked.known.health.status(performance.now()).state).toBe('RESTING');
    // One more says nothing new: neither is it a trial, nor does it make the rest longer.
    await ask([variant('live'), asked], pinnedTo(asked));
    expect(asked.known.health.mayTry(performance.now() + FIRST_REST_MS)).toBe(true);
  });

  test('that its variant has left meanwhile is answered by the version itself', async () => {
    const result = await ask([variant('live')], pinnedTo(idle()));
    expect(result).toMatchObject({ ok: true, endpointId: null, variant: null });
    expect(batcher.asked).toEqual(['by-itself']);
  });
});
