import type { IncomingMessage } from 'node:http';
import { headerOf } from '../../kernel/http/http-header';

const SCHEME = /^https?$/;
const HOST = /^[A-Za-z0-9._-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/;
const PREFIX = /^(\/[A-Za-z0-9._~-]+)*\/?$/;

/**
 * Where the caller reaches this server: as it is configured, else as the caller, or a proxy before us, says. Nobody but
 * the caller is told, so whoever lies about it misleads only itself.
 */
export function publicAddressOf(request: IncomingMessage, configured: string | null): string {
  if (configured !== null) return configured;
  const said = (name: string, form: RegExp) => {
    const first = headerOf(request, name)?.split(',')[0]?.trim();
    return first !== undefined && form.test(first) ? first : undefined;
  };
  const { localAddress = '127.0.0.1', localPort = 80 } = request.socket;
  const own = `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
  const scheme = said('x-forwarded-proto', SCHEME) ?? 'http';
  const host = said('x-forwarded-host', HOST) ?? said('host', HOST) ?? own;
  return `${scheme}://${host}${(said('x-forwarded-prefix', PREFIX) ?? '').replace(/\/$/, '')}`;
}
