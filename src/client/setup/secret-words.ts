/** Words that name something secret, wherever they stand in a name; the server has the same rules, and refuses. */
const SECRET_WORD =
  /(^| )(passwords?|passwd|passphrase|pwd|secrets?|credentials?|apikey|dsn|cookie|jwt|bearer|auth|authorization|pat|privatekey|accesskey)( |$)/;
const SECRET_KEY =
  /(^| )(api|access|secret|private|account|signing|encryption|license|service|ssh|auth|master|shared|storage|subscription|modelgraph|openai|wandb) keys?( |$)/;
/** A token is a piece of text after one of these: `--eos-token`, and not `HF_TOKEN`. */
const TEXT_TOKEN =
  /(^| )(pad|eos|bos|mask|unk|cls|sep|special|start|end|stop|image|new|per|num|max|min|first|last|decoder|prompt) token( |$)/;
const TOKEN = /(^| )token( |$)/;

/** Forms of keys that services hand out, private keys, and addresses with a password in them. */
const SECRET_VALUE =
  /\b(?:gh[oprsu]_|github_pat_|glpat-|hf_|sk-|xox[abprs]-)[A-Za-z0-9_-]{16,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*:[^\s/?#]+@/i;

/** Names of files that hold secrets, as a rule. */
const SECRET_FILE =
  /(^|\/)(\.env(\..*)?|\.netrc|\.npmrc|\.pypirc|id_(rsa|dsa|ecdsa|ed25519)|.*\.(pem|key|p12|pfx|jks|keystore)|.*(credential|secret)s?.*|.*service[-_]account.*\.json)$/i;

export function looksSecret(name: string, value: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .join(' ');
  if (words === 'pwd' || words === 'oldpwd') return false;
  const isToken = TOKEN.test(words) && !TEXT_TOKEN.test(words);
  return SECRET_WORD.test(words) || SECRET_KEY.test(words) || isToken || SECRET_VALUE.test(value);
}

export const looksLikeSecretFile = (path: string): boolean => SECRET_FILE.test(path);

/** What stands where a secret was taken out. */
const HIDDEN = '***';

/** The words of a command line, with `***` in the place of secrets. */
export function withoutSecrets(words: readonly string[]): readonly string[] {
  return words.map((word, index) => {
    const at = word.indexOf('=');
    const before = words[index - 1] ?? '';
    const isValue = /^--?[A-Za-z]/.test(before) && !before.includes('=') && !word.startsWith('-');
    if (isValue && looksSecret(before, '')) return HIDDEN;
    const isSecret = looksSecret(at < 0 ? '' : word.slice(0, at), word);
    if (!isSecret) return word;
    return at < 0 ? HIDDEN : `${word.slice(0, at)}=${HIDDEN}`;
  });
}
