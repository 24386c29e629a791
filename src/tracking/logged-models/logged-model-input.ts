import type { InvalidInput } from '../../kernel/errors';
import { InputCheck, MAX_KEY_LENGTH, MAX_NAME_LENGTH } from '../../kernel/input-check';
import type { LoggedModelStatus } from '../logged-model';
import type { KeyValue } from '../run';
import { checkParamList, checkTags } from '../tracking-input';

export interface CreateLoggedModelInput {
  readonly experimentId: string;
  /** Null: a readable one is made up. */
  readonly name: string | null;
  readonly modelType: string | null;
  /** The run that it comes out of. */
  readonly sourceRunId: string | null;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}
export interface UpdateLoggedModelInput {
  readonly status?: LoggedModelStatus;
  /** Params never change: those that are there must have the same value. */
  readonly params?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
  /** Keys; those that are not there are no fault. */
  readonly removeTags?: readonly string[];
}

/** What would be a path, an address or a quote where clients write the name. */
const FORBIDDEN_IN_NAME = /[/:.%"'\p{Cc}]/u;

export function checkLoggedModel(input: CreateLoggedModelInput): InvalidInput | null {
  const check = new InputCheck().optionalText('modelType', input.modelType, MAX_NAME_LENGTH);
  if (input.name !== null) {
    check.text('name', input.name, MAX_NAME_LENGTH);
    if (FORBIDDEN_IN_NAME.test(input.name))
      check.add('name', 'a name without / : . % and quotes', 'one with them');
  }
  checkParamList(check, input.params);
  checkTags(check, input.tags);
  return check.result();
}

export function checkLoggedModelUpdate({
  params,
  tags,
  removeTags,
}: UpdateLoggedModelInput): InvalidInput | null {
  const check = new InputCheck();
  checkParamList(check, params ?? []);
  checkTags(check, tags ?? []);
  removeTags?.forEach((key, index) => check.text(`removeTags[${index}]`, key, MAX_KEY_LENGTH));
  return check.result();
}
