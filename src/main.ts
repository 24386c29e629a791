import './kernel/production';
import { startPlatform } from './compose';
import type { Platform } from './platform';
import { CannotStart } from './kernel/cannot-start';
import { ConfigError, isLocalHost, parseConfig, storeName, type Config } from './kernel/config';
import { prepareHeap } from './kernel/heap';
import { createLogger, type Logger } from './kernel/logger';

/** Time for everything to stop after the calls in flight have ended. */
const STOP_GRACE_MS = 15_000;

async function main(): Promise<void> {
  const config = readConfig();
  prepareHeap();
  const logger = createLogger(config.logLevel);
  tellUnknownNames(config, logger);
  const platform = await startPlatform(config, logger).catch((error: unknown) => exitWith(logger, error));
  stopOnSignals(platform, logger, config.drainTimeoutMs);
  const { url, grpcUrl } = platform;
  const { role, adminKeyFile } = config;
  if (!isLocalHost(config.host))
    logger.warn({ host: config.host }, 'other machines can reach this server: put TLS in front of it');
  const database = config.databaseUrl ? 'postgres' : 'embedded';
  const about = { role, url, grpcUrl, store: storeName(config), database };
  logger.info({ ...about, ...(role !== 'worker' && { adminKeyFile }) }, 'listening');
}

/** Nothing has failed: the variable may be another program's, and the server does without it. */
function tellUnknownNames({ unknownNames }: Config, logger: Logger): void {
  for (const { name, nearest } of unknownNames) {
    const advice = nearest === null ? 'the README lists all settings' : `did you mean ${nearest}?`;
    logger.warn(
      { variable: name, nearest },
      `the variable ${name} is no setting and changes nothing: ${advice}`,
    );
  }
}

function readConfig(): Config {
  try {
    return parseConfig();
  } catch (error) {
    if (error instanceof ConfigError) misconfigured(error);
    throw error;
  }
}

function misconfigured({ message }: ConfigError): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** The first signal drains; a second one means now. */
function stopOnSignals(platform: Platform, logger: Logger, drainTimeoutMs: number): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info({ signal }, 'stopping');
    // What hangs, a database that does not even say goodbye for one, must not keep the process.
    setTimeout(() => process.exit(1), drainTimeoutMs + STOP_GRACE_MS).unref();
    void platform.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function exitWith(logger: Logger, error: unknown): never {
  if (error instanceof ConfigError) misconfigured(error); // of what was found out on the way only
  const more = error instanceof CannotStart ? {} : { err: error };
  logger.fatal(more, `Modelgraph could not start: ${(error as Error).message}`);
  process.exit(1);
}

void main();
