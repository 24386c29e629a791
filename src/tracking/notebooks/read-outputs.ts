import type { JsonObject, NotebookOutput, OutputForm, OutputKind } from './notebook';
import { isObject, isTooDeep, MAX_DEPTH, NotebookFault, textOf } from './notebook-json';

/** What a code cell has shown, of format 3 or 4. */
export function readOutputs(outputs: unknown, path: string): readonly NotebookOutput[] {
  if (outputs === undefined || outputs === null) return [];
  if (!Array.isArray(outputs)) throw new NotebookFault(`\`${path}\` should be a list.`);
  return (outputs as readonly unknown[]).map((output, at) => outputOf(output, `${path}[${at}]`));
}

function outputOf(output: unknown, path: string): NotebookOutput {
  if (!isObject(output)) throw new NotebookFault(`\`${path}\` should be an output.`);
  const type = output.output_type;
  const kind = typeof type === 'string' ? KINDS.get(type) : undefined;
  if (!kind) throw new NotebookFault(`\`${path}.output_type\` should be a kind of output.`);
  switch (kind) {
    case 'STREAM': {
      const name = output.name ?? output.stream;
      const text = textOf(output.text, `${path}.text`);
      return {
        kind,
        name: typeof name === 'string' ? name : 'stdout',
        forms: [{ mimeType: 'text/plain', text }],
      };
    }
    case 'ERROR': {
      const { traceback, ename, evalue } = output;
      const what = [ename, evalue].filter((part) => typeof part === 'string' && part !== '').join(': ');
      const lines = Array.isArray(traceback) ? traceback.filter((line) => typeof line === 'string') : [];
      return {
        kind,
        name: typeof ename === 'string' ? ename : null,
        // A traceback ends with what the error says.
        forms: [{ mimeType: 'text/plain', text: lines.length > 0 ? lines.join('\n') : what }],
      };
    }
    case 'RESULT':
    case 'DISPLAY':
      return { kind, name: null, forms: formsOf(output, path) };
  }
}

/** By the names of format 4, and those that format 3 had for the same. */
const KINDS: ReadonlyMap<string, OutputKind> = new Map([
  ['stream', 'STREAM'],
  ['execute_result', 'RESULT'],
  ['pyout', 'RESULT'],
  ['display_data', 'DISPLAY'],
  ['error', 'ERROR'],
  ['pyerr', 'ERROR'],
]);

/** Where format 3 has the forms of an output: beside its other fields, under short names. */
const OLD_FORMS: readonly (readonly [string, string])[] = [
  ['text', 'text/plain'],
  ['html', 'text/html'],
  ['svg', 'image/svg+xml'],
  ['png', 'image/png'],
  ['jpeg', 'image/jpeg'],
  ['latex', 'text/latex'],
  ['json', 'application/json'],
  ['javascript', 'application/javascript'],
];

function formsOf(output: JsonObject, path: string): readonly OutputForm[] {
  const { data } = output;
  if (data === undefined)
    return OLD_FORMS.filter(([name]) => output[name] !== undefined).map(([name, mimeType]) => ({
      mimeType,
      text: formText(output[name], `${path}.${name}`),
    }));
  if (!isObject(data)) throw new NotebookFault(`\`${path}.data\` should be an object.`);
  return Object.entries(data).map(([mimeType, value]) => ({
    mimeType,
    text: formText(value, `${path}.data`),
  }));
}

/** Text, lines of text, or JSON. */
function formText(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) return value.join('');
  if (isTooDeep(value)) throw new NotebookFault(`\`${path}\` is nested deeper than ${MAX_DEPTH} levels.`);
  return JSON.stringify(value);
}
