import type { ApiClient } from './api-client';

export interface MetricLine {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/y;

/** `/metrics` as Prometheus would read it; throws where it would not. */
export async function scrape(
  server: ApiClient,
  headers: object = server.headers,
): Promise<readonly MetricLine[]> {
  const response = await fetch(`${server.url}/metrics`, { headers: { ...headers } });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return readMetrics(await response.text());
}

export function readMetrics(text: string): readonly MetricLine[] {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.');
  const types = new Map<string, string>();
  const seen = new Set<string>();
  return text
    .slice(0, -1)
    .split('\n')
    .flatMap((line): MetricLine[] => {
      const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
      if (name && type) {
        if (types.has(name)) throw new Error(`The family ${name} comes twice.`);
        types.set(name, type);
      }
      if (line.startsWith('# ')) return [];
      if (seen.has(line.slice(0, line.lastIndexOf(' ')))) throw new Error(`It comes twice: ${line}`);
      seen.add(line.slice(0, line.lastIndexOf(' ')));
      return [readLine(line, types)];
    });
}

function readLine(line: string, types: ReadonlyMap<string, string>): MetricLine {
  const [, name, labelText = '', value] = LINE.exec(line) ?? [];
  if (name === undefined) throw new Error(`This is no line of metrics: ${line}`);
  const family = name.replace(/_(bucket|sum|count)$/, '');
  if (!types.has(name) && !['histogram', 'summary'].includes(types.get(family) ?? ''))
    throw new Error(`No family was announced for ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labelText.length) {
    const [, label = '', text = ''] = LABEL.exec(labelText) ?? [];
    if (label === '') throw new Error(`These are no labels: ${labelText}`);
    labels[label] = text.replace(/\\(.)/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return { name, labels, value: value === '+Inf' ? Infinity : Number(value) };
}
