import { InputCheck } from '../kernel/input-check';
import { parseVersionNumber, type VersionNumber } from './versions/version-number';

/** The alias that a reference without “@” means. */
export const DEFAULT_ALIAS = 'production';
/** A place in the order of registration; no alias looks like it. */
const ORDINAL = /^[1-9]\d{0,8}$/;

/** `fraud@production`, `fraud@2.1.0`, `fraud@3` (its third version), or `fraud`: which version of which model. */
export interface Reference {
  readonly model: string;
  readonly target:
    | { readonly kind: 'alias'; readonly alias: string }
    | { readonly kind: 'number'; readonly number: VersionNumber }
    | { readonly kind: 'ordinal'; readonly ordinal: number };
}

/** Null where the text can name no version. */
export function parseReference(text: string): Reference | null {
  const at = text.indexOf('@');
  const model = at === -1 ? text : text.slice(0, at);
  if (new InputCheck().name('model', model).result() !== null) return null;
  const target = at === -1 ? DEFAULT_ALIAS : text.slice(at + 1);
  const number = parseVersionNumber(target);
  if (number !== null) return { model, target: { kind: 'number', number } };
  if (ORDINAL.test(target)) return { model, target: { kind: 'ordinal', ordinal: Number(target) } };
  const isAlias = new InputCheck().aliasName('alias', target).result() === null;
  return isAlias ? { model, target: { kind: 'alias', alias: target } } : null;
}

/** Whether a reference leads where the model's alias leads. */
export function followsAlias(ref: string, alias: string): boolean {
  const target = parseReference(ref)?.target;
  return target?.kind === 'alias' && target.alias === alias;
}
