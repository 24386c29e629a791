import type { Tensor } from '../../kernel/tensors/tensor';
import { gatherRows, RowsDoNotMatch, scatterRows } from '../values/rows';
import type { DeclaredSignature } from './declared-signature';
import type { Runnable } from './runnable';
import { sameRow } from './same-rows';
import { PATTERNS, syntheticInputs, type Pattern } from './synthetic-inputs';

/** Rows run one by one and then together. Three, so that a first, a middle and a last row are seen. */
const PROBE_ROWS = 3;

/** Times the comparison is made, with other values: equality by chance once is not equality. */
const PROBE_ROUNDS = 2;

export interface ProbeResult {
  readonly batchable: boolean;
  /** Set where no made-up input was accepted: the runtime's words for the first. */
  readonly unproven?: string;
  /** What a run with one row answered; the true rank of outputs that declare none. */
  readonly outputs: readonly Tensor[];
}

/**
 * Runs the model with made-up inputs, and finds out whether rows may share a run. A model that ends or hangs
 * the process here is refused by the parent, which is why this never happens in a process that serves.
 */
export async function probe(model: Runnable, signature: DeclaredSignature): Promise<ProbeResult> {
  let unproven: string | undefined;
  for (const pattern of PATTERNS) {
    try {
      const outputs = await model.run(syntheticInputs(signature.inputs, 1, pattern, 1));
      return {
        outputs,
        batchable: declaresRows(signature) && (await rowsAgree(model, signature, pattern)),
      };
    } catch (error) {
      if (model.isFatal(error)) throw error;
      unproven ??= model.wordsOf(error);
    }
  }
  return { batchable: false, outputs: [], unproven: unproven ?? 'no inputs could be made up' };
}

/** The pattern that the model accepts, for those who want to run it; undefined where there is none. */
export async function acceptedInputs(
  model: Runnable,
  signature: DeclaredSignature,
): Promise<readonly Tensor[] | undefined> {
  for (const pattern of PATTERNS) {
    try {
      const inputs = syntheticInputs(signature.inputs, 1, pattern, 1);
      await model.run(inputs);
      return inputs;
    } catch (error) {
      if (model.isFatal(error)) throw error;
    }
  }
  return undefined;
}

/** True where every first dimension is open, and its size binds no other dimension. */
function declaresRows({ inputs, outputs }: DeclaredSignature): boolean {
  if (inputs.length === 0) return false;
  const rowSymbols = new Set(
    inputs.map(({ symbols }) => symbols[0]).filter((symbol) => symbol !== undefined),
  );
  return (
    inputs.every(
      ({ shape, symbols }) => shape[0] === -1 && !symbols.slice(1).some((s) => s && rowSymbols.has(s)),
    ) &&
    outputs.every(({ shape, symbols, hasShape }) =>
      hasShape ? shape[0] === -1 && !symbols.slice(1).some((s) => s && rowSymbols.has(s)) : true,
    )
  );
}

async function rowsAgree(model: Runnable, { inputs }: DeclaredSignature, pattern: Pattern): Promise<boolean> {
  for (let round = 0; round < PROBE_ROUNDS; round++) {
    const rows: (readonly Tensor[])[] = [];
    const alone: (readonly Tensor[])[] = [];
    for (let row = 0; row < PROBE_ROWS; row++) {
      const one = syntheticInputs(inputs, 1, pattern, 1 + round * PROBE_ROWS + row);
      rows.push(one);
      alone.push(await model.run(one));
    }
    const together = await answersTogether(model, rows);
    if (together === undefined) return false;
    const agree = alone.every((outputs, row) =>
      outputs.every((output, index) => {
        const other = together[row]?.[index];
        return other !== undefined && sameRow(output, other);
      }),
    );
    if (!agree) return false;
  }
  return true;
}

/** Undefined where the model cannot run the rows as one batch, though it runs each of them. */
async function answersTogether(
  model: Runnable,
  rows: readonly (readonly Tensor[])[],
): Promise<Tensor[][] | undefined> {
  try {
    const outputs = await model.run(gatherRows(rows));
    return scatterRows(
      outputs,
      rows.map(() => 1),
    );
  } catch (error) {
    if (error instanceof RowsDoNotMatch || !model.isFatal(error)) return undefined;
    throw error;
  }
}
