import { answerText } from '../../kernel/http/http-answer';
import type { HttpResponse } from '../../kernel/http/http-exchange';

/**
 * A value of an answer. Absent members and those that are undefined are left out, as MLflow leaves out empty fields.
 */
export type Json =
  | string
  | number
  | bigint
  | boolean
  | undefined
  | JsonText
  | readonly Json[]
  | { readonly [name: string]: Json };

/** JSON that is written already. */
export class JsonText {
  constructor(readonly text: string) {}
}

export const answerMlflow = (response: HttpResponse, value: Json): void =>
  answerText(response, 200, 'application/json', jsonText(value));

/**
 * JSON as the protocol has it: whole numbers of 64 bits with all their digits, -0 with its sign, and “NaN”, “Infinity”
 * and “-Infinity” as texts.
 */
export function jsonText(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return numberText(value);
  if (value instanceof JsonText) return value.text;
  if (typeof value === 'object')
    return isList(value) ? `[${value.map(jsonText).join(',')}]` : objectText(value);
  return String(value ?? null);
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

const isList = (value: readonly Json[] | { readonly [name: string]: Json }): value is readonly Json[] =>
  Array.isArray(value);

function objectText(value: { readonly [name: string]: Json }): string {
  let text = '';
  for (const name in value) {
    const member = value[name];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${jsonText(member)}`;
  }
  return `{${text}}`;
}

/** Empty lists are left out. */
export const listOrNothing = <Item extends Json>(items: readonly Item[]): readonly Item[] | undefined =>
  items.length === 0 ? undefined : items;
