import { looksSecretName } from './secret-words';

/**
 * An address as it may be kept: without user and password, but for the user of SSH, who is no secret, and without the
 * part behind `?` where something in it is called like a secret. Any other text stays as it is.
 */
export function withoutCredentials(address: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@(.*)$/is.exec(address);
  const [, scheme = '', user = '', rest = ''] = match ?? [];
  const bare = match ? `${scheme}${userOf(scheme, user)}${rest}` : address;
  const at = bare.indexOf('?');
  if (at < 0 || !/^https?:/i.test(bare)) return bare;
  const names = [...new URLSearchParams(bare.slice(at + 1)).keys()];
  return names.some(looksSecretName) ? bare.slice(0, at) : bare;
}

function userOf(scheme: string, user: string): string {
  if (!/ssh:/i.test(scheme)) return '';
  const [name = ''] = user.split(':');
  return name === '' ? '' : `${name}@`;
}

/**
 * Whether `git clone` can be handed the address: one of git's own transports, `user@host:path`, or a folder by its
 * whole path. Other forms (`ext::…`) run programs.
 */
export const isCloneable = (address: string): boolean =>
  /^(https?|ssh|git|git\+ssh|file):\/\/[^\s-]\S*$/i.test(address) ||
  /^[A-Za-z0-9_][\w.-]*@[A-Za-z0-9_][\w.-]*:[^:\s-]\S*$/.test(address) ||
  /^\/[^\p{Cc}]*$/u.test(address);
