import type { InvalidInput } from '../../kernel/errors';
import { InputCheck, MAX_NAME_LENGTH, MAX_PROSE_LENGTH } from '../../kernel/input-check';

export interface PromotionInput {
  /** Reference of the version. */
  readonly ref: string;
  readonly alias: string;
  /** 0: the alias must not exist yet. Absent: whatever it is. */
  readonly expectedRevision?: number | null;
  readonly reason?: string | null;
  /** Runs the gates, changes nothing. */
  readonly dryRun?: boolean | null;
  /** Lets the signature gate pass although callers of the alias must change their requests. */
  readonly acceptContractBreak?: boolean | null;
  readonly idempotencyKey?: string | null;
}

export interface RollbackInput {
  readonly model: string;
  readonly alias: string;
  readonly reason: string;
  readonly expectedRevision?: number | null;
}

export function checkPromotion(input: PromotionInput): InvalidInput | null {
  const check = new InputCheck()
    .aliasName('alias', input.alias)
    .optionalText('reason', input.reason, MAX_PROSE_LENGTH);
  checkRevision(check, input.expectedRevision);
  if (typeof input.idempotencyKey === 'string')
    check.text('idempotencyKey', input.idempotencyKey, MAX_NAME_LENGTH);
  return check.result();
}

export function checkRollback(input: RollbackInput): InvalidInput | null {
  const check = new InputCheck()
    .aliasName('alias', input.alias)
    .text('reason', input.reason, MAX_PROSE_LENGTH);
  checkRevision(check, input.expectedRevision);
  return check.result();
}

function checkRevision(check: InputCheck, revision: number | null | undefined): void {
  if (typeof revision === 'number' && revision < 0)
    check.add('expectedRevision', '0 or more', String(revision));
}
