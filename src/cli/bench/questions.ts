import type { AskedModel } from '../asking/asked-model';
import type { DoorName } from './bench-plan';
import { questionOf, type Asked } from './door';
import { rowsIn } from '../asking/rows-file';
import { sampleRows, sampleTensors, seededRandom } from '../asking/sample-values';
import type { Question } from './sender';
import { takesRows, tensorsOf, type Row } from '../asking/tensors';

/** Different questions, asked in turn, so that no remembered answer helps. */
const SAMPLE_QUESTIONS = 512;
/** Bodies that are kept ready, whatever a file holds. */
const MAX_QUESTIONS = 10_000;
/** Of all bodies together: a few large images are as good as many. */
const MAX_BYTES = 8 * 1024 * 1024;

interface QuestionOptions {
  readonly door: DoorName;
  readonly rowsFile: string | null;
  /** Rows of each question. */
  readonly batch: number;
}

/** All that is asked, ready to be sent. From a file, the last rows are left out where they do not fill a question. */
export async function questionsFor(
  model: AskedModel,
  options: QuestionOptions,
): Promise<readonly Question[]> {
  const { signature } = model.version;
  const { door, rowsFile, batch } = options;
  const random = seededRandom();
  const askedRows = (rows: readonly Row[]): Asked =>
    door === 'graphql' ? { rows } : { tensors: tensorsOf(rows, signature) };
  const keep = (count: number, ask: (index: number) => Asked) =>
    bounded(count, (index) => questionOf(door, model, ask(index)));
  if (rowsFile !== null) {
    const rows = await rowsIn(rowsFile, signature.columns);
    const count = Math.max(1, Math.floor(rows.length / batch));
    return keep(count, (index) => askedRows(rows.slice(index * batch, (index + 1) * batch)));
  }
  return keep(SAMPLE_QUESTIONS, () =>
    takesRows(signature)
      ? askedRows(sampleRows(signature, batch, random))
      : { tensors: sampleTensors(signature, batch, random) },
  );
}

/** As many as there are, or as there is room for; at least one. */
function bounded(count: number, make: (index: number) => Question): readonly Question[] {
  const questions: Question[] = [];
  let bytes = 0;
  while (questions.length < Math.min(count, MAX_QUESTIONS) && bytes < MAX_BYTES) {
    const question = make(questions.length);
    questions.push(question);
    bytes += question.body.length;
  }
  return questions;
}
