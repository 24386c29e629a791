import { UsageError } from '../command';
import { wholeNumberOf } from '../option-values';

export type Load =
  /** So many callers, each of whom asks again once it has its answer. */
  | { readonly kind: 'closed'; readonly callers: number }
  /** So many requests a second on average, however long the answers take. */
  | { readonly kind: 'open'; readonly fromPerSecond: number; readonly toPerSecond: number };

/** One load for some time. */
export interface Stage {
  readonly load: Load;
  readonly durationMs: number;
}

export const DOORS = ['graphql', 'v2', 'v2-binary', 'grpc', 'tf-serving'] as const;
export type DoorName = (typeof DOORS)[number];

/** As many connections as one process can hold without a change of the machine's limits. */
const MAX_CALLERS = 4_096;
/** More than one process can send. */
const MAX_RATE = 100_000;
/** Rows of the report. */
const MAX_STAGES = 50;
/** Parts that a rising rate is told in. */
const STAGES_OF_RANGE = 10;

interface LoadOptions {
  readonly concurrency?: string;
  readonly rate?: string;
  readonly ramp?: string;
}

/** The loads in turn. A range rises over the whole time; each other load gets all of it. */
export function stagesOf({ concurrency, rate, ramp }: LoadOptions, durationMs: number): readonly Stage[] {
  if ([concurrency, rate, ramp].filter((option) => option !== undefined).length > 1)
    throw new UsageError('Give one of --concurrency, --rate and --ramp.');
  if (durationMs === 0) throw new UsageError('--duration: expected more than nothing.');
  if (ramp !== undefined) return rampOf(ramp, durationMs);
  const load = rate === undefined ? closed('concurrency', concurrency ?? '1') : openAt(rateOf('rate', rate));
  return [{ load, durationMs }];
}

/** `1,2,4,8`: callers; `100/s,200/s`: rates; `100..2000`: a rate that rises evenly. */
function rampOf(text: string, durationMs: number): readonly Stage[] {
  const [from, to, ...more] = text.split('..');
  if (from !== undefined && to !== undefined && more.length === 0)
    return rising(rateOf('ramp', from), rateOf('ramp', to), durationMs);
  const steps = text.split(',');
  if (steps.length > MAX_STAGES) throw new UsageError(`--ramp: expected at most ${MAX_STAGES} steps.`);
  return steps.map((step) => ({
    load: step.endsWith('/s') ? openAt(rateOf('ramp', step)) : closed('ramp', step),
    durationMs,
  }));
}

function rising(from: number, to: number, durationMs: number): readonly Stage[] {
  const rateAt = (part: number) => from + ((to - from) * part) / STAGES_OF_RANGE;
  return Array.from({ length: STAGES_OF_RANGE }, (_, part) => ({
    load: { kind: 'open', fromPerSecond: rateAt(part), toPerSecond: rateAt(part + 1) },
    durationMs: durationMs / STAGES_OF_RANGE,
  }));
}

const closed = (name: string, text: string): Load => ({
  kind: 'closed',
  callers: wholeNumberOf(name, text, 1, MAX_CALLERS),
});

const openAt = (perSecond: number): Load => ({
  kind: 'open',
  fromPerSecond: perSecond,
  toPerSecond: perSecond,
});

function rateOf(name: string, text: string): number {
  const number = text.endsWith('/s') ? text.slice(0, -2) : text;
  const rate = Number(number);
  if (/^\d+(\.\d+)?$/.test(number) && rate > 0 && rate <= MAX_RATE) return rate;
  throw new UsageError(
    `--${name}: expected requests a second, above 0 and up to ${MAX_RATE}, got “${text}”.`,
  );
}

const rateText = (rate: number): string => rate.toLocaleString('en-US', { maximumFractionDigits: 1 });

/** A load in the report's words. */
export function loadText(load: Load): string {
  if (load.kind === 'closed') return load.callers === 1 ? '1 caller' : `${load.callers} callers`;
  const { fromPerSecond: from, toPerSecond: to } = load;
  return from === to ? `${rateText(from)}/s` : `${rateText(from)}–${rateText(to)}/s`;
}
