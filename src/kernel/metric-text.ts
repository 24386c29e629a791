import type { MetricFamily, MetricLabels, MetricSample } from './metric-family';

/** The two texts that Prometheus reads. */
export type MetricFormat = 'prometheus' | 'openmetrics';

export const METRIC_TYPES = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<MetricFormat, string>;

/** Families in the order given; those without a line are left out. */
export function metricText(families: readonly MetricFamily[], format: MetricFormat): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue;
    const { told, kind } = format === 'openmetrics' ? openMetrics(name, type) : { told: name, kind: type };
    lines.push(`# HELP ${told} ${escapeHelp(help)}`, `# TYPE ${told} ${kind}`);
    for (const one of samples) lines.push(lineOf(name, one));
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** There a counter is a family whose lines end in `_total`; Triton's do not, and so their type is unknown. */
function openMetrics(name: string, type: MetricFamily['type']): { told: string; kind: string } {
  if (type !== 'counter') return { told: name, kind: type };
  return name.endsWith('_total')
    ? { told: name.slice(0, -'_total'.length), kind: type }
    : { told: name, kind: 'unknown' };
}

const lineOf = (name: string, { suffix = '', labels, value }: MetricSample): string =>
  `${name}${suffix}${labelsText(labels)} ${numberText(value)}`;

function labelsText(labels: MetricLabels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Names are a client's: none of them may end its line, or its quotes. */
const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const escapeHelp = (help: string): string => help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
