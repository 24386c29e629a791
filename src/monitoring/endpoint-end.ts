import { wakeUps, type Bus } from '../kernel/bus';
import type { Endpoint, EndpointId } from '../serving/serving';
import { endpointTopic } from '../serving/serving.events';

/** Resolves when the endpoint has been deleted, or with the signal. */
export async function endOfEndpoint(
  bus: Bus,
  endpointId: EndpointId,
  read: () => Promise<Endpoint | null>,
  signal: AbortSignal,
): Promise<void> {
  const looks = wakeUps(bus, endpointTopic(endpointId), signal);
  while (!(await looks.next()).done) {
    if (await isThere(read)) continue;
    await looks.return(undefined);
  }
}

/** While the database is away, what was there is taken to be there: predictions go on, too. */
async function isThere(read: () => Promise<Endpoint | null>): Promise<boolean> {
  try {
    return (await read()) !== null;
  } catch {
    return true;
  }
}
