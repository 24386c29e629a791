import type { Artifacts } from '../../kernel/artifacts/artifacts';
import type { VersionFile } from '../../registry/registry';

/** What MLflow's file of this name says of the files beside it. */
const DESCRIPTION = 'MLmodel';
/** Longest such file, in bytes: flavours and a signature of some thousand columns. A longer one is not read. */
const MAX_DESCRIPTION_BYTES = 512 * 1_024;

/**
 * Where the ONNX file is, among files that were logged as one model: what the `MLmodel` beside it says of the flavour.
 * Null where there is no such flavour, or nothing that could be read. This is the only file of a client's that is
 * opened here.
 */
export async function onnxPathIn(
  files: readonly VersionFile[],
  artifacts: Artifacts,
): Promise<string | null> {
  const description = files.find(({ path }) => path === DESCRIPTION);
  if (!description || description.sizeBytes > MAX_DESCRIPTION_BYTES) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of await artifacts.read(description)) chunks.push(chunk as Buffer);
  return onnxPathOf(Buffer.concat(chunks).toString());
}

/**
 * The path that an `MLmodel` names: `flavors`, in it `onnx`, in that `data`. Read line by line, as MLflow writes the
 * file: blocks of keys, one a line. What is written in another way, which nobody does, names none. A YAML reader would
 * follow whatever a client has written; with the one that was tried, two files of brackets ended the process.
 */
export function onnxPathOf(text: string): string | null {
  const lines = text.split('\n');
  const flavors = blockOf(lines, 'flavors', '');
  const onnx = blockOf(flavors, 'onnx', indentOf(flavors));
  const indent = indentOf(onnx);
  const data = onnx.find((line) => line.startsWith(`${indent}data: `));
  return data === undefined ? null : scalarOf(data.slice(indent.length + 'data: '.length).trim());
}

/** The lines that stand deeper than a key, up to the next that does not. */
function blockOf(lines: readonly string[], key: string, indent: string): readonly string[] {
  const start = lines.findIndex((line) => line.trimEnd() === `${indent}${key}:`);
  if (start < 0) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.trim() !== '' && !line.startsWith(`${indent} `));
  return end < 0 ? rest : rest.slice(0, end);
}

/** That of a block's first key. */
const indentOf = ([first = '']: readonly string[]): string => first.slice(0, first.search(/\S|$/));

/** Null where it is no text on one line. */
function scalarOf(text: string): string | null {
  if (text.startsWith("'"))
    return text.length > 2 && text.endsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : null;
  if (text.startsWith('"')) return jsonText(text);
  return /^[^\s&*!|>%@`{}[\],#?-]/.test(text) ? text : null;
}

function jsonText(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : null;
  } catch {
    return null; // an escape that only YAML has
  }
}
