import fc from 'fast-check';
import { PRIORITIES, type Priority } from '../../../../src/serving/batching/priority';
import type { BatchAnswer } from '../../../../src/serving/batching/batch-request';
import { Batcher } from '../../../../src/serving/batching/batcher';
import { InvalidInput } from '../../../../src/serving/execution/invalid-input';
import { WorkerUnavailable } from '../../../../src/serving/execution/worker-unavailable';
import { FakeBackend, type FakeRun } from '../../../support/fake-backend';

// The clock stands still until a test moves it.
beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

const atOnce = (task: () => void): void => task();
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A run with NaN among its values is refused, and one with this ends its worker, whatever else is in it. */
const DEADLY = Infinity;
const POISONS = { none: null, refused: NaN, deadly: DEADLY } as const;

/** Longest delay that the batcher may wait for company, in ms. */
const MAX_DELAY_MS = 3;

interface Ask {
  readonly kind: 'ask';
  readonly model: string;
  readonly rows: number;
  /** Values of a row. */
  readonly width: number;
  readonly poison: keyof typeof POISONS;
  readonly waitMs: number;
  readonly priority: Priority;
}
type Event =
  | Ask
  /** The run at this place of those on their way ends. */
  | { readonly kind: 'finish'; readonly at: number }
  /** The caller at this place of all leaves. */
  | { readonly kind: 'leave'; readonly at: number }
  | { readonly kind: 'pass'; readonly ms: number };

const ask: fc.Arbitrary<Event> = fc.record({
  kind: fc.constant('ask' as const),
  model: fc.constantFrom('a', 'b'),
  rows: fc.integer({ min: 1, max: 4 }),
  width: fc.constantFrom(1, 1, 3),
  poison: fc.constantFrom<Ask['poison']>('none', 'none', 'none', 'none', 'refused', 'deadly'),
  waitMs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 20 })),
  priority: fc.constantFrom(...PRIORITIES),
});
const at = fc.nat({ max: 99 });
const events = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: ask },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('finish' as const), at }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), at }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 10 }) }),
    },
  ),
  { maxLength: 60 },
);

/** What a caller is told: its rows with their shape, or why not. */
type Outcome = string | { readonly shape: readonly number[]; readonly values: readonly number[] };

interface Caller {
  readonly model: string;
  readonly deadlineAt: number;
  readonly leave: AbortController;
  expected: Outcome;
  outcomes: Outcome[];
}

const outcomeOf = ({ outputs }: BatchAnswer): Outcome => ({
  shape: outputs[0]?.shape ?? [],
  values: Array.from(outputs[0]?.data as Float64Array),
});
const refusalOf = (error: unknown): Outcome => {
  if (error instanceof InvalidInput) return 'refused';
  if (error instanceof WorkerUnavailable) return error.reason;
  throw error;
};

/** Callers and workers of one batcher; each caller's values are its own, and all the same within a request. */
class World {
  readonly callers: Caller[] = [];
  private readonly runsOf = new Map<number, number>();

  constructor(
    private readonly backend: FakeBackend,
    private readonly batcher: Batcher,
  ) {}

  happen(event: Event): void {
    switch (event.kind) {
      case 'ask':
        return this.ask(event);
      case 'finish':
        return this.finish(this.backend.runs[event.at % Math.max(1, this.backend.runs.length)]);
      case 'leave':
        return this.leave(this.callers[event.at % Math.max(1, this.callers.length)]);
      case 'pass':
        return this.pass(event.ms);
    }
  }

  pass(ms: number): void {
    jest.advanceTimersByTime(ms);
    for (const caller of this.callers)
      if (caller.outcomes.length === 0 && caller.deadlineAt <= performance.now())
        caller.expected = 'deadline';
  }

  finish(run: FakeRun | undefined): void {
    if (!run) return;
    const values = run.inputs[0]?.data as Float64Array;
    for (const value of new Set(values)) {
      if (!Number.isFinite(value)) continue; // poison is nobody's own
      this.runsOf.set(value, (this.runsOf.get(value) ?? 0) + 1);
      expect(this.callers[value - 1]?.model).toBe(run.file.sha256);
    }
    run.finish(values.includes(DEADLY) ? new WorkerUnavailable('crashed', 'It ended.') : undefined);
  }

  /** The most runs that one caller's rows were part of. */
  mostRuns(): number {
    return Math.max(0, ...this.runsOf.values());
  }

  private ask({ model, rows, width, poison, waitMs, priority }: Ask): void {
    const shape = [rows, width];
    const own = this.callers.length + 1;
    const values = new Array<number>(rows * width).fill(own);
    if (POISONS[poison] !== null) values[values.length - 1] = POISONS[poison];
    const caller: Caller = {
      model,
      deadlineAt: performance.now() + waitMs,
      leave: new AbortController(),
      expected: {
        none: { shape, values: values.map((value) => 2 * value) },
        refused: 'refused',
        deadly: 'crashed',
      }[poison],
      outcomes: [],
    };
    this.callers.push(caller);
    const tell = (outcome: Outcome): void => void caller.outcomes.push(outcome);
    this.batcher
      .submit({
        file: { sha256: model, path: '/' },
        batchable: true,
        inputs: [{ name: 'x', datatype: 'FP64', shape, data: Float64Array.from(values) }],
        deadlineAt: caller.deadlineAt,
        signal: caller.leave.signal,
        priority,
      })
      .then(
        (answer) => tell(outcomeOf(answer)),
        (error: unknown) => tell(refusalOf(error)),
      );
  }

  private leave(caller: Caller | undefined): void {
    if (!caller || caller.leave.signal.aborted) return;
    if (caller.outcomes.length === 0) caller.expected = 'cancelled';
    caller.leave.abort();
  }
}

test('whatever happens in whichever order, each caller is told its own rows, or its own refusal, once', async () => {
  await fc.assert(
    fc.asyncProperty(
      events,
      fc.record({
        maxBatch: fc.integer({ min: 1, max: 9 }),
        maxDelayMs: fc.constantFrom(0, MAX_DELAY_MS),
        batchSizes: fc.constantFrom<readonly number[]>([], [1, 4, 9], [9]),
      }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0.05, 1),
      async (happening, policy, workers, computeMs) => {
        const backend = new FakeBackend(workers, computeMs);
        const batcher = new Batcher(backend, { nextTurn: atOnce, ...policy });
        const world = new World(backend, batcher);
        for (const event of happening) {
          world.happen(event);
          await settle();
        }
        world.pass(MAX_DELAY_MS); // nobody waits for company any more
        while (backend.runs.length > 0) {
          world.finish(backend.runs[0]);
          await settle();
        }
        expect(world.callers.map(({ outcomes }) => outcomes)).toEqual(
          world.callers.map(({ expected }) => [expected]),
        );
        expect(world.mostRuns()).toBeLessThanOrEqual(2); // a batch is asked again once
        expect(batcher.stats()).toMatchObject({ queuedRows: 0, queuedBytes: 0 });
      },
    ),
    { numRuns: 300 },
  );
});
