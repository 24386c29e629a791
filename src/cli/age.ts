import { UsageError } from './command';

const DAY_MS = 86_400_000;
const AGE = /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/;
const UNITS_MS = [DAY_MS, 3_600_000, 60_000, 1_000];
/** As long as a calendar of ours goes back. */
const MAX_DAYS = 36_500;

/** `30d`, `12h`, `1d6h30m`, as MLflow's `gc` takes it; in ms. */
export function ageMsOf(option: string, text: string): number {
  const [, ...parts] = AGE.exec(text) ?? [];
  const ms = parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (UNITS_MS[index] ?? 0), 0);
  const isAge = text !== '' && parts.length > 0 && ms <= MAX_DAYS * DAY_MS;
  if (!isAge) throw new UsageError(`--${option}: expected an age such as 30d, 12h or 1d6h, got “${text}”.`);
  return ms;
}
