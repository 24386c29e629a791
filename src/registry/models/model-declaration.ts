import type { Actor } from '../../kernel/actor';
import type { Database } from '../../kernel/database/database';
import { refuse, shorten, type InvalidInput, type NameConflict, type Refusal } from '../../kernel/errors';
import { InputCheck, MAX_KEY_LENGTH, MAX_PROSE_LENGTH } from '../../kernel/input-check';
import type { Outbox } from '../../kernel/outbox';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import { hasPolicy, type Model, type ModelPolicy } from './model';
import { modelCreated } from '../registry.events';
import type { RegistryStore } from '../registry.store';

/** Most limits of one model: each is a gate that every promotion waits for. */
const MAX_LIMITS = 50;

export interface ModelInput extends ModelPolicy {
  readonly name: string;
  readonly description?: string | null;
}

export type DeclarationResult =
  | { readonly ok: true; readonly model: Model; readonly created: boolean }
  | Refusal<NameConflict | InvalidInput>;

/** Declares a model and what it is judged by. A policy is declared once: numbers and gates rest on it. */
export class ModelDeclaration {
  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly outbox: Outbox;
      readonly store: RegistryStore;
    },
  ) {}

  async declare(actor: Actor, input: ModelInput): Promise<DeclarationResult> {
    const invalid = checkModel(input);
    if (invalid) return refuse(invalid);
    return refusableTransaction(this.needs.database, async (tx): Promise<DeclarationResult> => {
      const { model, created } = await this.needs.store.lockModel(tx, actor.projectId, input.name);
      if (hasPolicy(model, input)) return { ok: true, model, created: false };
      if (model.optimizing !== null) return refuse(nameConflict(input.name));
      const { optimizing, limits } = input;
      const declared = await this.needs.store.declarePolicy(
        tx,
        model.id,
        { optimizing, limits },
        input.description ?? null,
      );
      if (created) await this.needs.outbox.append(tx, modelCreated(declared));
      return { ok: true, model: declared, created };
    });
  }
}

const nameConflict = (name: string): NameConflict => ({
  kind: 'NameConflictError',
  code: 'NAME_CONFLICT',
  message: `The model “${shorten(name)}” exists with another optimizing metric or other limits. Give it another name.`,
});

function checkModel({ name, description, optimizing, limits }: ModelInput): InvalidInput | null {
  const check = new InputCheck()
    .name('name', name)
    .optionalText('description', description, MAX_PROSE_LENGTH);
  check.text('optimizing.key', optimizing.key, MAX_KEY_LENGTH);
  if (!(optimizing.tolerance >= 0))
    check.add('optimizing.tolerance', '0 or more', String(optimizing.tolerance));
  check.count('limits', limits.length, MAX_LIMITS);
  const seen = new Set<string>();
  for (const [i, { key, comparison }] of limits.slice(0, MAX_LIMITS).entries()) {
    check.text(`limits[${i}].key`, key, MAX_KEY_LENGTH);
    const rule = JSON.stringify([key, comparison]);
    if (seen.has(rule))
      check.add(`limits[${i}]`, 'each key once per comparison', `“${shorten(key)}” with ${comparison} again`);
    seen.add(rule);
  }
  return check.result();
}
