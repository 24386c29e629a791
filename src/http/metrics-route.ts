import { setImmediate } from 'node:timers/promises';
import { authorize, mayDo, type Auth } from '../auth/auth';
import { answerError, SAFE_HEADERS } from '../kernel/http/http-answer';
import type { Route } from '../kernel/http/http-exchange';
import type { ProjectId } from '../kernel/ids';
import type { MetricFamily, MetricScope, MetricSource } from '../kernel/metrics/metric-family';
import { METRIC_TYPES, metricText } from '../kernel/metrics/metric-text';

/**
 * `GET /metrics`: what this process has counted, as Prometheus reads it. A key sees its project; one that may observe
 * the server sees all projects, and the process itself.
 */
export function metricsRoute(sources: readonly MetricSource[], auth: Auth): Route {
  return async ({ request, response }, actor) => {
    authorize(actor, 'platform:read');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return answerError(response, 405, 'METHOD_NOT_ALLOWED', 'Metrics are only read: use GET.');
    }
    const scope: MetricScope = mayDo(actor, 'server:observe') ? 'everything' : { only: actor.projectId };
    const families: MetricFamily[] = [];
    for (const source of sources) families.push(...(await source(scope)));
    const isOpen = request.headers.accept?.includes('application/openmetrics-text') ?? false;
    const format = isOpen ? 'openmetrics' : 'prometheus';
    const names = await auth.projectNames(projectsOf(families));
    let text = '';
    for (const piece of metricText(families, format, names)) {
      text += piece;
      await setImmediate(); // whoever waits for a prediction goes first
    }
    response.writeHead(200, {
      ...SAFE_HEADERS,
      'content-type': METRIC_TYPES[format],
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? '' : text);
  };
}

const projectsOf = (families: readonly MetricFamily[]): readonly ProjectId[] => [
  ...new Set(
    families.flatMap(({ samples }) =>
      samples.flatMap(({ labels }) => (labels.project === undefined ? [] : [labels.project as ProjectId])),
    ),
  ),
];
