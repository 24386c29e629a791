import type { UserError } from '../kernel/errors';
import type { GateResult } from './gates';

export interface GateNotPassed extends UserError<'GateNotPassedError'> {
  readonly gates: readonly GateResult[];
}
export type NothingToRollBack = UserError<'NothingToRollBackError'>;

export function gateNotPassed(ref: string, alias: string, gates: readonly GateResult[]): GateNotPassed {
  const failed = gates.filter(({ passed }) => !passed);
  const facts = failed.map(({ name, message }) => `${name}: ${message}`).join(' ');
  const message = `${ref} may not become ${alias}: ${failed.length} of ${gates.length} gates did not pass. ${facts}`;
  return { kind: 'GateNotPassedError', code: 'GATE_NOT_PASSED', message, gates };
}

export const nothingToRollBack = (alias: string): NothingToRollBack => ({
  kind: 'NothingToRollBackError',
  code: 'NOTHING_TO_ROLL_BACK',
  message: `Nothing was live before what “${alias}” points at now. Promote another version instead.`,
});
