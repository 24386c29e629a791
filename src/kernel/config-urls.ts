interface Variables {
  readonly text: (name: string) => string | undefined;
  readonly problems: string[];
}

const DATABASE_EXAMPLE = 'postgres://user:password@host:5432/database';
const REDIS_EXAMPLE = 'redis://user:password@host:6379';

/** Addresses of what servers share. No message repeats one: there may be a password in it. */
export function checkUrls({ text, problems }: Variables): void {
  const databaseUrl = text('DATABASE_URL');
  if (databaseUrl !== undefined) {
    if (!/^postgres(ql)?:\/\//.test(databaseUrl))
      problems.push('DATABASE_URL: expected a URL that begins with postgres:// or postgresql://.');
    else if (!isWhole(databaseUrl, 'host')) problems.push(broken('DATABASE_URL', DATABASE_EXAMPLE));
  }
  const redisUrl = text('REDIS_URL');
  if (redisUrl !== undefined) {
    if (!/^rediss?:\/\//.test(redisUrl))
      problems.push('REDIS_URL: expected a URL that begins with redis:// or rediss://.');
    else if (!isWhole(redisUrl)) problems.push(broken('REDIS_URL', REDIS_EXAMPLE));
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text('CACHE_URL') ?? 'redis://'))
    problems.push('CACHE_URL: expected a URL, for example redis://host:6379.');
}

/** Of PostgreSQL, which also takes a user without a host, where a parameter names a folder of sockets. */
export const parseDatabaseUrl = (text: string): URL => new URL(text.replace('@/', '@localhost/'));

const broken = (name: string, example: string) =>
  `${name}: expected a URL such as ${example}, with a port up to 65535; in a user or password, %, @, :, / and # are written as %25, %40, %3A, %2F and %23.`;

/** @param elsewhere the parameter that may name the host instead: a folder of sockets */
function isWhole(text: string, elsewhere?: string): boolean {
  try {
    const { username, password, hostname, pathname, searchParams } = parseDatabaseUrl(text);
    for (const part of [username, password, pathname]) decodeURIComponent(part);
    return hostname !== '' || (elsewhere !== undefined && searchParams.has(elsewhere));
  } catch {
    return false;
  }
}
