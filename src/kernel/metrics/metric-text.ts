import type { MetricFamily, MetricLabels, MetricSample } from './metric-family';

/** The two texts that Prometheus reads. */
export type MetricFormat = 'prometheus' | 'openmetrics';

export const METRIC_TYPES = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<MetricFormat, string>;

/** Lines of one piece: about a millisecond's work, so that predictions need not wait for all of them. */
const LINES_PER_PIECE = 1_000;

/**
 * Families in the order given, piece by piece; those without a line are left out.
 *
 * @param names of projects, by their ids
 */
export function* metricText(
  families: readonly MetricFamily[],
  format: MetricFormat,
  names: ReadonlyMap<string, string>,
): Generator<string> {
  let text = '';
  let lines = 0;
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue;
    const { told, kind } = format === 'openmetrics' ? openMetrics(name, type) : { told: name, kind: type };
    text += `# HELP ${told} ${escapeHelp(help)}\n# TYPE ${told} ${kind}\n`;
    for (const one of samples) {
      text += lineOf(name, one, names);
      lines += 1;
      if (lines % LINES_PER_PIECE > 0) continue;
      yield text;
      text = '';
    }
  }
  yield format === 'openmetrics' ? `${text}# EOF\n` : text;
}

/** There a counter is a family whose lines end in `_total`; Triton's do not, and so their type is unknown. */
function openMetrics(name: string, type: MetricFamily['type']): { told: string; kind: string } {
  if (type !== 'counter') return { told: name, kind: type };
  return name.endsWith('_total')
    ? { told: name.slice(0, -'_total'.length), kind: type }
    : { told: name, kind: 'unknown' };
}

function lineOf(
  name: string,
  { suffix = '', labels, value }: MetricSample,
  names: ReadonlyMap<string, string>,
): string {
  return `${name}${suffix}${labelsText(labels, names)} ${numberText(value)}\n`;
}

function labelsText(labels: MetricLabels, names: ReadonlyMap<string, string>): string {
  let text = '';
  for (const name in labels) {
    const value = labels[name] ?? '';
    const told = name === 'project' ? (names.get(value) ?? value) : value;
    text += `${text === '' ? '{' : ','}${name}="${escapeLabel(told)}"`;
  }
  return text === '' ? '' : `${text}}`;
}

/** Names are a client's: none of them may end its line, or its quotes. */
const escapeLabel = (value: string): string =>
  /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;
const escapeHelp = (help: string): string => help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
