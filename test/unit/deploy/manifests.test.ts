import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { parseConfig } from '../../../src/kernel/config';

const FOLDER = join(__dirname, '../../../deploy/kubernetes');
/** Longest that a server takes to stop after calls in flight have ended, in s: `STOP_GRACE_MS` of src/main.ts. */
const STOP_GRACE_S = 15;

interface Probe {
  readonly httpGet: { readonly path: string };
}
interface Container {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}
interface Document {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
      };
    };
  };
}

const deployments = readdirSync(FOLDER).flatMap((file) =>
  (loadAll(readFileSync(join(FOLDER, file), 'utf8')) as Document[])
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ spec }) => {
      const [container] = spec.template.spec.containers;
      const role = container.env?.find(({ name }) => name === 'MODELGRAPH_ROLE')?.value ?? 'all';
      return { name: `${role} of ${file}`, role, container, pod: spec.template.spec };
    }),
);

describe.each(deployments)('$name', ({ role, container, pod }) => {
  const [command, seconds = '0'] = container.lifecycle?.preStop.exec.command ?? [];

  test('is given all the time that a server may take to stop', () => {
    const drainS = parseConfig({}).drainTimeoutMs / 1_000;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(seconds) + drainS + STOP_GRACE_S);
  });

  test('takes new connections until no node sends any, where others go on meanwhile', () => {
    expect(command).toBe(role === 'api' ? 'sleep' : undefined);
  });

  test('is not restarted for what it lacks, and not taken out while what is deployed still predicts', () => {
    expect(container.startupProbe.httpGet.path).toBe('/livez');
    expect(container.livenessProbe.httpGet.path).toBe('/livez');
    const excluding = role === 'worker' ? '' : '?exclude=database&exclude=artifacts';
    expect(container.readinessProbe.httpGet.path).toBe(`/readyz${excluding}`);
  });
});
