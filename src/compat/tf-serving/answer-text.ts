import { base64Of, holdsBytes } from '../../kernel/tensors/binary-text';
import { nestedText } from '../../kernel/tensors/nested-text';
import { elementCount, isFloating, type BytesElement, type Tensor } from '../../kernel/tensors/tensor';
import { valueToJson } from '../../serving/serving';

/**
 * `{"predictions": […]}`: an element for each row; its bare value where there is one output, else an object by output.
 * Null where the outputs do not have the same number of rows.
 */
export function rowAnswer(outputs: readonly Tensor[]): string | null {
  const rowCount = outputs[0]?.shape[0];
  if (rowCount === undefined || outputs.some(({ shape }) => shape[0] !== rowCount)) return null;
  const columns = outputs.map((output) => rowTexts(output, rowCount));
  const [only] = columns;
  const rows =
    columns.length === 1 && only
      ? only
      : Array.from({ length: rowCount }, (_, row) =>
          objectText(outputs, (at) => columns[at]?.[row] ?? 'null'),
        );
  return `{"predictions":[${rows.join(',')}]}`;
}

/** `{"outputs": …}`: the bare value where there is one output, else an object by output. */
export function columnAnswer(outputs: readonly Tensor[]): string {
  const texts = outputs.map((output) => nestedText(valueTexts(output), output.shape, 0));
  return `{"outputs":${texts.length === 1 ? texts[0] : objectText(outputs, (at) => texts[at] ?? 'null')}}`;
}

function rowTexts(output: Tensor, rowCount: number): readonly string[] {
  const texts = valueTexts(output);
  const inner = output.shape.slice(1);
  if (inner.length === 0) return texts;
  const width = elementCount(inner);
  return Array.from({ length: rowCount }, (_, row) => nestedText(texts, inner, row * width));
}

const objectText = (outputs: readonly Tensor[], textAt: (index: number) => string): string =>
  `{${outputs.map(({ name }, index) => `${JSON.stringify(name)}:${textAt(index)}`).join(',')}}`;

function valueTexts({ name, datatype, data }: Tensor): string[] {
  const texts = new Array<string>(data.length);
  if (datatype === 'BYTES' && holdsBytes(name)) {
    (data as readonly BytesElement[]).forEach(
      (element, at) => (texts[at] = JSON.stringify(base64Of(element))),
    );
    return texts;
  }
  const textOf: (value: unknown) => string = isFloating(datatype) ? decimalText : JSON.stringify;
  for (let index = 0; index < data.length; index += 1)
    texts[index] = textOf(valueToJson(datatype, data[index]));
  return texts;
}

/**
 * A decimal keeps its point where it is whole, as TensorFlow Serving writes it: clients tell the type of a list by it.
 * NaN and the infinities are texts, since JSON has no numbers for them.
 */
function decimalText(value: unknown): string {
  if (value === '-0') return '-0.0';
  if (typeof value !== 'number') return JSON.stringify(value);
  const text = String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}
