import type { Notebook, NotebookCell } from './notebook';
import { isObject } from './notebook-json';
import { commented, type ScriptLanguage } from './script-language';

/** Of the percent format, as Jupytext counts. */
const FORMAT_VERSION = '1.3';

/**
 * The lines before the first cell, from which Jupytext makes the same notebook again: which format this is, and which
 * kernel ran it. A first cell that is a header of its own is a part of them.
 */
export function scriptHeader(
  { cells, metadata }: Notebook,
  language: ScriptLanguage,
): { readonly header: string[]; readonly cells: readonly NotebookCell[] } {
  const { suffix, name } = language;
  const asComment = (line: string) => commented(line, language);
  const isForeign = name !== 'python' && cells.some(({ source }) => /[^\x00-\x7f]/.test(source));
  const own = ownHeader(cells[0]);
  const lines = [
    '---',
    ...(own ?? []),
    'jupyter:',
    '  jupytext:',
    '    text_representation:',
    `      extension: ${suffix}`,
    '      format_name: percent',
    `      format_version: '${FORMAT_VERSION}'`,
    ...kernelLines(metadata.kernelspec),
    '---',
  ];
  const encoding = isForeign ? [asComment('-*- coding: utf-8 -*-')] : [];
  return { header: [...encoding, ...lines.map(asComment)], cells: own ? cells.slice(1) : cells };
}

function ownHeader(first: NotebookCell | undefined): readonly string[] | null {
  if (first?.kind !== 'RAW') return null;
  const lines = first.source.trim().split(/\r?\n/);
  const isRule = (line: string | undefined) => line !== undefined && /^---\s*$/.test(line);
  return lines.length >= 2 && isRule(lines[0]) && isRule(lines.at(-1)) ? lines.slice(1, -1) : null;
}

function kernelLines(kernelspec: unknown): readonly string[] {
  if (!isObject(kernelspec)) return [];
  const facts = Object.entries(kernelspec)
    .filter((fact): fact is [string, string] => typeof fact[1] === 'string' && /^\w+$/.test(fact[0]))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return facts.length === 0
    ? []
    : ['  kernelspec:', ...facts.map(([key, value]) => `    ${key}: ${yamlText(value)}`)];
}

/** Plain where YAML cannot take it for anything but a text. */
const yamlText = (text: string): string =>
  /^\.?[A-Za-z](?:[\w.()+/# -]*[\w.()+#])?$/.test(text) && !text.includes(' #') && !OTHER_THAN_TEXT.test(text)
    ? text
    : JSON.stringify(text);
const OTHER_THAN_TEXT = /^(?:y|yes|n|no|true|false|on|off|null|\.inf|\.nan)$/i;
