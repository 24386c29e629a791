import { loadText, type Load } from './bench-plan';
import { columnsFor, drawChart, shortNumber, type Chart } from './chart';
import { curveOf, latenciesOf, ninesOf } from './latencies';
import type { Measurement } from './measurement';

/** One load with what was measured under it. */
export interface MeasuredStage {
  readonly load: Load;
  readonly measurement: Measurement;
}

/** What of a server's sentence is shown in a line. */
const MAX_MESSAGE = 100;
/** Sends that are later than this, in ms, are told: timers are about as coarse. */
const WORTH_TELLING_MS = 2;

const HEAD = ['load', 'answered', 'req/s', 'p50 ms', 'p90', 'p95', 'p99', 'p99.9', 'max', 'errors'];

/** For people: a table with a line for each load, what went wrong, and a chart. */
export function reportText(stages: readonly MeasuredStage[], width: number, isFine: boolean): string {
  const chart = chartOf(stages, columnsFor(width));
  const parts = [
    table([HEAD, ...stages.map(lineOf)]),
    errorLines(stages),
    delayLines(stages),
    chart ? drawChart(chart, isFine) : [],
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function lineOf({ load, measurement }: MeasuredStage): readonly string[] {
  const { latencies, answered, answeredPerSecond, failed } = measurement;
  const told = latenciesOf(latencies);
  const figures = told ? [told.p50, told.p90, told.p95, told.p99, told['p99.9'], told.max] : [];
  return [
    loadText(load),
    answered.toLocaleString('en-US'),
    answeredPerSecond.toLocaleString('en-US', { maximumFractionDigits: answeredPerSecond < 100 ? 1 : 0 }),
    ...(told ? figures.map(shortNumber) : Array<string>(6).fill('–')),
    failed.toLocaleString('en-US'),
  ];
}

/** The first column to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

function errorLines(stages: readonly MeasuredStage[]): readonly string[] {
  const sums = new Map<string, { count: number; message: string }>();
  for (const { measurement } of stages) {
    for (const [code, { count, message }] of measurement.errors) {
      const known = sums.get(code);
      if (known) known.count += count;
      else sums.set(code, { count, message });
    }
  }
  const lines = [...sums].map(([code, { count, message }]) => {
    const text = message.replace(/\s+/g, ' ').slice(0, MAX_MESSAGE);
    return `  ${code}  ${count.toLocaleString('en-US')}${text === '' ? '' : `  ${text}`}`;
  });
  return lines.length === 0 ? [] : ['errors', ...lines];
}

/**
 * Where requests left late, this client or its machine has been a part of what was measured: told of the worst load.
 */
function delayLines(stages: readonly MeasuredStage[]): readonly string[] {
  const p99Ms = ({ measurement: { delays } }: MeasuredStage) =>
    delays.count === 0 ? 0 : delays.percentile(99) / 1000;
  const [worst] = stages
    .filter(({ load }) => load.kind === 'open')
    .toSorted((one, other) => p99Ms(other) - p99Ms(one));
  if (!worst || p99Ms(worst) < WORTH_TELLING_MS) return [];
  const late = shortNumber(p99Ms(worst));
  return [
    `At ${loadText(worst.load)}, requests were sent ${late} ms later than planned (p99): the latencies contain that.`,
  ];
}

function chartOf(stages: readonly MeasuredStage[], columns: number): Chart | null {
  const measured = stages.filter(({ measurement }) => measurement.latencies.count > 0);
  const [only] = measured;
  if (!only) return null;
  return measured.length === 1 ? curveChart(only.measurement, columns) : stagesChart(measured, columns);
}

function curveChart({ latencies }: Measurement, columns: number): Chart {
  const nines = ninesOf(latencies.count);
  const labels = Array.from({ length: nines + 1 }, (_, nine) => ({
    column: Math.round(((columns - 1) * nine) / nines),
    text: nine === 0 ? '0%' : nine === 1 ? '90%' : `99${nine > 2 ? `.${'9'.repeat(nine - 2)}` : ''}%`,
  }));
  return { title: 'latency by percentile', values: curveOf(latencies, columns), labels, unit: 'ms' };
}

function stagesChart(stages: readonly MeasuredStage[], columns: number): Chart {
  const width = Math.max(1, Math.floor(columns / stages.length));
  const gap = width > 2 ? 1 : 0;
  return {
    title: 'p99 by load',
    values: stages.flatMap(({ measurement }) => {
      const p99 = measurement.latencies.percentile(99) / 1000;
      return [...Array<number>(width - gap).fill(p99), ...Array<number>(gap).fill(0)];
    }),
    labels: stages.map(({ load }, at) => ({ column: at * width, text: loadText(load) })),
    unit: 'ms',
  };
}
