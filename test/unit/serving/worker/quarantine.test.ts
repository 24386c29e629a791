import { FIRST_HOLD_MS, LONGEST_HOLD_MS, Quarantine } from '../../../../src/serving/worker/quarantine';
import type { Death } from '../../../../src/serving/worker/worker-died';

const CRASH: Death = { cause: 'exit', code: null, signal: 'SIGFPE', lastWords: '' };
const FROM_OUTSIDE: Death = { ...CRASH, signal: 'SIGKILL' };
const FREE = { kind: 'free' } as const;
const TRIAL = { kind: 'trial' } as const;
const REFUSED = { kind: 'refused' };

function startQuarantine() {
  const clock = { nowMs: 0 };
  const quarantine = new Quarantine(() => clock.nowMs);
  const pass = (ms: number): void => void (clock.nowMs += ms);
  /** Two deaths in a row, of two questions. */
  const quarantined = (): string | undefined => {
    quarantine.died('m', FREE, CRASH, false);
    return quarantine.died('m', FREE, CRASH, false);
  };
  return { quarantine, pass, quarantined };
}

test('the second death in a row quarantines the model, and says how it died and how long it is held', () => {
  const { quarantine, pass, quarantined } = startQuarantine();
  const reason =
    'Runs of this model ended the process (SIGFPE) 2 times in a row; one run may try it again in ';
  expect(quarantined()).toBe(`${reason}60 s.`);
  expect(quarantine.admit('m')).toEqual({
    kind: 'refused',
    reason: `${reason}60 s.`,
    retryAfterMs: FIRST_HOLD_MS,
  });
  pass(20_500);
  const later = { reason: `${reason}40 s.`, retryAfterMs: FIRST_HOLD_MS - 20_500 };
  expect(quarantine.admit('m')).toEqual({ kind: 'refused', ...later });
  expect(quarantine.holdOn('m')).toEqual(later);
  expect(quarantine.admit('another')).toEqual(FREE);
});

test('a death is forgotten once a run is answered', () => {
  const { quarantine } = startQuarantine();
  quarantine.died('m', FREE, CRASH, false);
  quarantine.answered('m', FREE);
  expect(quarantine.died('m', FREE, CRASH, false)).toBeUndefined();
  expect(quarantine.admit('m')).toEqual(FREE);
});

describe('one question under which two workers died', () => {
  const twice = (quarantine: Quarantine, death: Death) => [
    quarantine.died('m', FREE, death, false),
    quarantine.died('m', FREE, death, true),
  ];

  test('has a model held back that has answered nobody yet', () => {
    const { quarantine } = startQuarantine();
    expect(twice(quarantine, CRASH)).toEqual([undefined, expect.stringContaining('2 times in a row')]);
  });

  test('counts once where the model has answered others, and the next one that kills has it held back', () => {
    const { quarantine } = startQuarantine();
    quarantine.answered('m', FREE);
    expect(twice(quarantine, CRASH)).toEqual([undefined, undefined]);
    expect(quarantine.admit('m')).toEqual(FREE);
    expect(quarantine.died('m', FREE, CRASH, false)).toContain('2 times in a row');
  });

  test('counts where its first worker was killed from outside, as all memory taken looks like', () => {
    const { quarantine } = startQuarantine();
    quarantine.answered('m', FREE);
    expect(twice(quarantine, FROM_OUTSIDE)).toEqual([undefined, undefined]);
    expect(twice(quarantine, CRASH)).toContainEqual(expect.stringContaining('2 times in a row'));
  });
});

test('a first kill from outside is nobody’s fault; the second of the same run is the model’s', () => {
  const { quarantine } = startQuarantine();
  for (let run = 0; run < 5; run++) quarantine.died('m', FREE, FROM_OUTSIDE, false);
  expect(quarantine.admit('m')).toEqual(FREE);
  quarantine.died('m', FREE, FROM_OUTSIDE, true);
  expect(quarantine.died('m', FREE, FROM_OUTSIDE, true)).toMatch(/SIGKILL/);
});

test('after its time one run goes, alone, and lifts the quarantine where it is answered', () => {
  const { quarantine, pass, quarantined } = startQuarantine();
  quarantined();
  pass(FIRST_HOLD_MS);
  expect(quarantine.admit('m')).toEqual(TRIAL);
  expect(quarantine.admit('m')).toMatchObject({
    ...REFUSED,
    reason: expect.stringContaining('trying it now'),
    retryAfterMs: 0,
  });
  quarantine.answered('m', TRIAL);
  expect(quarantine.admit('m')).toEqual(FREE);
  expect(quarantine.holdOn('m')).toBeUndefined();
});

test('a trial that dies holds the model twice as long, up to the longest time', () => {
  const { quarantine, pass, quarantined } = startQuarantine();
  quarantined();
  let holdMs = FIRST_HOLD_MS;
  for (let deaths = 3; deaths < 12; deaths++) {
    pass(holdMs);
    expect(quarantine.admit('m')).toEqual(TRIAL);
    holdMs = Math.min(2 * holdMs, LONGEST_HOLD_MS);
    expect(quarantine.died('m', TRIAL, CRASH, false)).toContain(
      `${deaths} times in a row; one run may try it again in ${holdMs / 1000} s.`,
    );
    pass(holdMs - 1);
    expect(quarantine.admit('m')).toMatchObject(REFUSED);
    pass(-(holdMs - 1));
  }
  expect(holdMs).toBe(LONGEST_HOLD_MS);
});

test.each([
  ['gives up', (quarantine: Quarantine) => quarantine.gaveUp('m', TRIAL)],
  ['is killed from outside', (quarantine: Quarantine) => quarantine.died('m', TRIAL, FROM_OUTSIDE, false)],
])('a trial that %s leaves the trial to the next run', (_, end) => {
  const { quarantine, pass, quarantined } = startQuarantine();
  quarantined();
  pass(FIRST_HOLD_MS);
  quarantine.admit('m');
  end(quarantine);
  expect(quarantine.admit('m')).toEqual(TRIAL);
});

test('runs that began before the quarantine neither lift it nor make it longer', () => {
  const { quarantine, quarantined } = startQuarantine();
  quarantined();
  quarantine.answered('m', FREE);
  expect(quarantine.admit('m')).toMatchObject(REFUSED);
  expect(quarantine.died('m', FREE, CRASH, true)).toBeUndefined();
  expect(quarantine.holdOn('m')?.reason).toContain('in 60 s');
});

test('a model that comes back soon is held longer than before, and one that was well for long is not', () => {
  const { quarantine, pass, quarantined } = startQuarantine();
  const lift = (holdMs: number): void => {
    pass(holdMs);
    quarantine.admit('m');
    quarantine.answered('m', TRIAL);
  };
  quarantined();
  lift(FIRST_HOLD_MS);
  quarantine.answered('m', FREE);
  expect(quarantined()).toContain(`in ${(2 * FIRST_HOLD_MS) / 1000} s`);
  lift(2 * FIRST_HOLD_MS);
  pass(LONGEST_HOLD_MS);
  expect(quarantined()).toContain(`in ${FIRST_HOLD_MS / 1000} s`);
});
