/** Words that name something secret, wherever they stand in a name. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  ...['password', 'passwd', 'passphrase', 'pwd', 'secret', 'secrets', 'credential', 'credentials'],
  ...['apikey', 'dsn', 'cookie', 'jwt', 'bearer', 'auth', 'authorization', 'pat', 'privatekey', 'accesskey'],
]);
/** A key is secret after one of these: `API_KEY`, and not `SORT_KEY`. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  ...['api', 'access', 'secret', 'private', 'account', 'signing', 'encryption', 'license', 'service', 'ssh'],
  ...['auth', 'master', 'shared', 'storage', 'subscription', 'modelgraph', 'openai', 'wandb'],
]);
/** A token is a piece of text after one of these: `--eos-token`, and not `HF_TOKEN`. */
const TEXT_TOKENS: ReadonlySet<string> = new Set([
  ...['pad', 'eos', 'bos', 'mask', 'unk', 'cls', 'sep', 'special', 'start', 'end', 'stop', 'image', 'new'],
  ...['per', 'num', 'max', 'min', 'first', 'last', 'decoder', 'prompt'],
]);
/** The folder that a shell is in. */
const NO_SECRETS: ReadonlySet<string> = new Set(['pwd', 'oldpwd']);

/** Whether a name of a variable or an option, such as `HF_TOKEN` or `--api-key`, says that its value is secret. */
export function looksSecretName(name: string): boolean {
  const words = wordsOf(name);
  if (words.length === 1 && NO_SECRETS.has(words[0] ?? '')) return false;
  return words.some((word, index) => {
    const before = words[index - 1] ?? '';
    if (word === 'key' || word === 'keys') return SECRET_KEYS.has(before);
    if (word === 'token') return !TEXT_TOKENS.has(before);
    return SECRET_WORDS.has(word);
  });
}

const wordsOf = (name: string): readonly string[] =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');

/** Forms of keys that services hand out, private keys, and addresses with a password in them. */
const SECRET_VALUES = [
  /\b(?:gh[oprsu]_|github_pat_|glpat-|hf_|sk-|xox[abprs]-)[A-Za-z0-9_-]{16,}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\./,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*:[^\s/?#@]+@/i,
];

/** Whether a value is of a form that only secrets have. */
export const looksSecretValue = (value: string): boolean => SECRET_VALUES.some((form) => form.test(value));

/** What stands where a secret was taken out. */
export const HIDDEN = '***';

/**
 * The words of a command line that tell a secret, by their places: the value of an option with a secret's name, in the
 * same word (`--token=x`) or in the next one, or a value that looks like one.
 */
export function secretPlaces(words: readonly string[]): readonly number[] {
  return words.flatMap((word, index) => {
    const at = word.indexOf('=');
    const [name, value] = at < 0 ? [null, word] : [word.slice(0, at), word.slice(at + 1)];
    const before = words[index - 1] ?? '';
    const isOfOption = /^--?[A-Za-z]/.test(before) && !before.includes('=') && !word.startsWith('-');
    const isNamed = (name !== null && looksSecretName(name)) || (isOfOption && looksSecretName(before));
    const isSecret = (isNamed && value !== '' && value !== HIDDEN) || looksSecretValue(word);
    return isSecret ? [index] : [];
  });
}
