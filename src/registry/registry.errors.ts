import { invalidInput, shorten, type NameConflict, type UserError } from '../kernel/errors';
import type { GateResult } from './promotion/gates';
import type { ReferenceUser } from './reference-users';
import { MAX_TAGS } from './tags';

export interface GateNotPassed extends UserError<'GateNotPassedError'> {
  readonly gates: readonly GateResult[];
}
export type NothingToRollBack = UserError<'NothingToRollBackError'>;
export type InUse = UserError<'InUseError'>;

/** Endpoints or aliases that a sentence names. */
const MAX_NAMED = 5;

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

/** @param what the beginning of a sentence: that which is not to go */
export function inUse(what: string, users: readonly ReferenceUser[], aliases: readonly string[] = []): InUse {
  const facts = [
    ...(users.length > 0 ? [`endpoints name it (${listed(users.map(({ endpoint }) => endpoint))})`] : []),
    ...(aliases.length > 0 ? [`aliases point at it (${listed(aliases)})`] : []),
  ];
  const message = `${shorten(what)} stays as it is, since ${facts.join(' and ')}. Let them lead elsewhere, or delete them, first.`;
  return { kind: 'InUseError', code: 'IN_USE', message };
}

const listed = (names: readonly string[]): string => {
  const distinct = [...new Set(names)];
  return `${distinct.slice(0, MAX_NAMED).join(', ')}${distinct.length > MAX_NAMED ? ', …' : ''}`;
};

export const modelNameTaken = (name: string): NameConflict => ({
  kind: 'NameConflictError',
  code: 'NAME_CONFLICT',
  message: `There is a model “${shorten(name)}” already. Choose another name.`,
});

export const tooManyTags = () =>
  invalidInput([{ path: 'tags', expected: `at most ${MAX_TAGS} tags in all`, actual: 'more' }]);
