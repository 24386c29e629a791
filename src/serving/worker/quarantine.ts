import type { Death } from './worker-died';

/** Deaths in a row that a model may cause. The first may be chance; the second is the model. */
const DEATHS_TO_QUARANTINE = 2;

/** Models whose deaths are remembered; the oldest is forgotten first. */
const MAX_REMEMBERED = 1_024;

/** Keeps models that kill workers from killing more. What is in here stays until the server starts again. */
export class Quarantine {
  private readonly deaths = new Map<string, { count: number; reason: string }>();

  /** Why the model may not run; undefined where it may. */
  reason(sha256: string): string | undefined {
    const entry = this.deaths.get(sha256);
    return entry !== undefined && entry.count >= DEATHS_TO_QUARANTINE ? entry.reason : undefined;
  }

  /**
   * Counts a worker's death against the model that it ran.
   *
   * @param attempt which try of the same run it was, from 1
   */
  died(sha256: string, death: Death, attempt: number): void {
    // A SIGKILL that is not ours comes from outside, so it says little about the model, unless the same run
    // meets it twice, as one does that takes all memory.
    const fromOutside = death.cause === 'exit' && death.signal === 'SIGKILL';
    if (fromOutside && attempt === 1) return;
    const count = (this.deaths.get(sha256)?.count ?? 0) + 1;
    this.deaths.delete(sha256);
    this.deaths.set(sha256, { count, reason: describe(death) });
    const oldest = this.deaths.keys().next();
    if (this.deaths.size > MAX_REMEMBERED && !oldest.done) this.deaths.delete(oldest.value);
  }

  /** A run that was answered: what died before was not the model's habit. */
  answered(sha256: string): void {
    if (this.deaths.size > 0 && this.reason(sha256) === undefined) this.deaths.delete(sha256);
  }
}

function describe(death: Death): string {
  const how =
    death.cause === 'timeout'
      ? 'did not end within the time limit'
      : `ended the process (${death.signal ?? `exit code ${death.code}`})`;
  return `Runs of this model ${how} ${DEATHS_TO_QUARANTINE} times in a row; it is not run again until the server restarts.`;
}
