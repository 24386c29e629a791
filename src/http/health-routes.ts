import { answerJson } from '../kernel/http/http-answer';
import type { PublicRoute } from '../kernel/http/http-exchange';

/** One thing that must hold for this process to serve; rejects or answers a reason where it does not. */
export interface ReadinessCheck {
  readonly name: string;
  readonly check: () => Promise<void>;
}

/** Longest wait for one check, in ms: an orchestrator's probe waits a second or two. */
const CHECK_TIMEOUT_MS = 1_000;

/** Alive: the event loop answers. It asks nothing else, or a lost database would have every process restarted. */
export const livezRoute: PublicRoute = ({ response }) => answerJson(response, 200, { status: 'alive' });

/**
 * Ready: whatever serving needs is there. Names what is not, and nothing that a stranger could use. What a probe asks
 * to leave out (`?exclude=database`, as Kubernetes' own has it) is named where it is missing, and is no reason to say
 * no.
 */
export function readyzRoute(checks: readonly ReadinessCheck[]): PublicRoute {
  return async ({ response, search }) => {
    const failing = await failingChecks(checks);
    const excluded = new URLSearchParams(search).getAll('exclude');
    const isReady = failing.every((name) => excluded.includes(name));
    answerJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', failing });
  };
}

/** The names of those that do not hold. */
export async function failingChecks(checks: readonly ReadinessCheck[]): Promise<readonly string[]> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => ({ name, isOk: await holds(check) })),
  );
  return results.filter(({ isOk }) => !isOk).map(({ name }) => name);
}

async function holds(check: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>(
    (resolve) => (timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS)),
  );
  const checked = check().then(
    () => true,
    () => false,
  );
  return Promise.race([checked, timeout]).finally(() => clearTimeout(timer));
}
