import { columnsFor, drawChart } from '../../../src/cli/bench/chart';
import { Measurement } from '../../../src/cli/bench/measurement';
import { reportText } from '../../../src/cli/bench/report';

const chart = {
  title: 'title',
  values: [0, 1, 2, 4, 8],
  labels: [
    { column: 0, text: 'a' },
    { column: 2, text: 'b' },
    { column: 3, text: 'too long' },
  ],
  unit: 'ms',
};

test('a chart is plain text, its highest column as high as its largest value', () => {
  expect(drawChart(chart, false).join('\n')).toBe(`title
  8.00 ms |    #
          |    #
          |    #
          |    #
  4.00 ms |   ##
          |   ##
          |  ###
          | ####
  0.00 ms +-----
           a b`);
});

test('for people it has finer steps', () => {
  const [, ...lines] = drawChart({ ...chart, values: [1, 1.5, 8] }, true);
  expect(lines.at(-3)).toBe(`          ┤█▁█`.replace('▁', '█'));
  expect(lines.at(-4)).toBe('          ┤ ▄█');
});

test('a chart of nothing but zeros has no columns, and is no failure', () => {
  expect(drawChart({ ...chart, values: [0, 0, 0] }, false).join('')).not.toContain('#');
});

const stageOf = (callers: number, latencyMs: number) => {
  const measurement = new Measurement();
  for (let at = 0; at < 1_000; at += 1) measurement.record({ code: null }, 0, 0, latencyMs);
  measurement.elapsedMs = 1_000;
  return { load: { kind: 'closed', callers } as const, measurement };
};

test.each([40, 80, 200])('in a terminal of %d characters no line of a chart is longer', (width) => {
  for (const stages of [
    [stageOf(1, 5)],
    [1, 2, 4, 8, 16, 32, 64].map((callers) => stageOf(callers, callers)),
  ]) {
    const text = reportText(stages, width, true);
    const drawn = text.slice(text.indexOf('\n\n')).split('\n');
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(drawn.length).toBeGreaterThan(5);
  }
  expect(columnsFor(width)).toBeGreaterThanOrEqual(20);
});

test('the table has a line for each load, and every code of an error once', () => {
  const failing = stageOf(2, 10);
  failing.measurement.recordErrors('OVERLOADED', 3, 'Come\nback later.');
  const text = reportText([stageOf(1, 5), failing], 80, false);
  expect(text).toMatch(/1 caller +1,000 +1,000 +5\.0\d +5\.0\d .* 0\n2 callers +1,000 +1,000 +10\.0 .* 3\n/);
  expect(text.match(/OVERLOADED {2}3 {2}Come back later\./g)).toHaveLength(1);
});

test('where nothing was answered there are no figures to show', () => {
  const measurement = new Measurement();
  measurement.recordErrors('ECONNREFUSED', 1, 'nobody there');
  const text = reportText([{ load: { kind: 'closed', callers: 1 }, measurement }], 80, false);
  expect(text).toContain('–');
  expect(text).not.toContain('NaN');
});
