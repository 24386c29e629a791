import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { FactValue } from '../client/facts';
import { UsageError } from './command';
import { durationMsOf } from './option-values';
import { ACCESS_OPTIONS } from './server-access';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The options of a command, with those that every command takes, and its other arguments. */
export function parsedArguments<const Own extends Options>(
  command: string,
  args: readonly string[],
  options: Own,
) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { ...ACCESS_OPTIONS, ...options } });
  } catch (error) {
    // Node goes on with advice about arguments that begin with a dash, which is none of a user's concern.
    const [said = ''] = (error as Error).message.split('. ');
    throw new UsageError(`${said.replace(/\.$/, '')}. See \`modelgraph ${command} --help\`.`);
  }
}

/** Of `--timeout`, in ms; 30 s if it is not there. */
export const timeoutMsOf = (text: string | undefined): number => durationMsOf('timeout', text ?? '30s');

/** Exactly these arguments. */
export function named<const Names extends readonly string[]>(
  command: string,
  positionals: readonly string[],
  ...names: Names
): { readonly [Index in keyof Names]: string } {
  const isRight = positionals.length === names.length && positionals.every((argument) => argument !== '');
  if (!isRight) {
    const expected = names.map((name) => `<${name}>`).join(' ') || 'no arguments';
    throw new UsageError(`Expected ${expected}. See \`modelgraph ${command} --help\`.`);
  }
  return positionals as unknown as { readonly [Index in keyof Names]: string };
}

/** `key=value` of each; the value may hold more of `=`. */
export function factsIn(option: string, texts: readonly string[] = []): Record<string, FactValue> {
  const facts = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`${option}: expected key=value, got “${text}”.`);
    const key = text.slice(0, at);
    if (facts.has(key)) throw new UsageError(`${option}: “${key}” is there twice.`);
    facts.set(key, text.slice(at + 1));
  }
  return Object.fromEntries(facts);
}
