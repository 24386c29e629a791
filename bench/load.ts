import { createInterface } from 'node:readline';
import { Connection, type Answer } from './connection';
import { quantile } from './statistics';
import { requestsTo, TARGETS, type TargetName } from './targets';

/**
 * One of so many answers is parsed and compared; every answer must have status 200 and its mark. Odd, so that all
 * questions have their turn where there are 4, 8 or 512.
 */
const CHECKED_ONE_IN = 17;

/** Single against double precision; answers to two questions differ by far more. */
const TOLERANCE = 1e-5;

/** What the load is told to do; one a line on its standard input. */
export interface LoadOrder {
  readonly target: TargetName;
  /** Several processes that answer the same share the connections equally. */
  readonly urls: readonly string[];
  readonly key: string | null;
  readonly concurrency: number;
  readonly durationMs: number;
}

/** What it saw; one a line on its standard output. */
export interface LoadReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Median of what the server says that it took; null where it says nothing. */
  readonly serverP50Ms: number | null;
  /** Answers that were compared with the model's true output; a wrong one ends the load. */
  readonly checkedAnswers: number;
  /** The load's own time on a CPU as a share of one core: near 1 it would be the load that is measured. */
  readonly ownCpuShare: number;
}

async function runLoad({ target, urls, key, concurrency, durationMs }: LoadOrder): Promise<LoadReport> {
  const addresses = urls.map((url) => new URL(url));
  const callers = await Promise.all(
    Array.from({ length: concurrency }, async (_, at) => {
      const address = addresses[at % addresses.length] ?? new URL('');
      return { connection: await Connection.open(address), requests: requestsOnce(target, address, key) };
    }),
  );
  const { serverMs } = TARGETS[target];
  const latenciesMs: number[] = [];
  const toldMs: number[] = [];
  let next = 0;
  let checkedAnswers = 0;

  expectedOnce(target);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const oneAfterTheOther = async ({ connection, requests }: Caller) => {
    for (let askedAt = startedAt; askedAt - startedAt < durationMs;) {
      const number = next;
      next += 1;
      const question = number % requests.length;
      const answer = await connection.ask(requests[question] ?? Buffer.alloc(0));
      const answeredAt = performance.now();
      latenciesMs.push(answeredAt - askedAt);
      askedAt = answeredAt;
      if (serverMs) toldMs.push(serverMs(answer));
      checkedAnswers += check(target, answer, question, number % CHECKED_ONE_IN === 0);
    }
  };
  try {
    await Promise.all(callers.map(oneAfterTheOther));
  } finally {
    for (const { connection } of callers) connection.close();
  }
  const elapsedMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  latenciesMs.sort((a, b) => a - b);
  toldMs.sort((a, b) => a - b);
  return {
    requests: latenciesMs.length,
    requestsPerSecond: (latenciesMs.length / elapsedMs) * 1000,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    serverP50Ms: serverMs ? quantile(toldMs, 0.5) : null,
    checkedAnswers,
    ownCpuShare: (user + system) / 1000 / elapsedMs,
  };
}

interface Caller {
  readonly connection: Connection;
  readonly requests: readonly Buffer[];
}

const requestsMade = new Map<string, readonly Buffer[]>();
const expectedMade = new Map<TargetName, readonly (readonly number[])[]>();

/** Large ones take their time, and are the same in every round. */
function requestsOnce(target: TargetName, address: URL, key: string | null): readonly Buffer[] {
  const name = `${target} ${address.href}`;
  const requests = requestsMade.get(name) ?? requestsTo(target, address, key);
  requestsMade.set(name, requests);
  return requests;
}

function expectedOnce(target: TargetName): readonly (readonly number[])[] {
  const expected = expectedMade.get(target) ?? TARGETS[target].numbers?.expected() ?? [];
  expectedMade.set(target, expected);
  return expected;
}

/** Answers how many answers were compared: 0 or 1. */
function check(name: TargetName, answer: Answer, question: number, isSample: boolean): number {
  const { status, body } = answer;
  const { mark, numbers } = TARGETS[name];
  if (status !== 200 || !body.includes(mark)) {
    throw new Error(`${name} answered ${status}: ${body.toString('utf8', 0, 500)}`);
  }
  if (!numbers || !isSample) return 0;
  const { read, tolerance = TOLERANCE } = numbers;
  const actual = read(answer);
  const expected = expectedOnce(name)[question] ?? [];
  const isRight =
    Array.isArray(actual) &&
    actual.length === expected.length &&
    expected.length > 0 &&
    expected.every((value, at) => Math.abs(value - Number(actual[at])) <= tolerance);
  if (!isRight) {
    throw new Error(
      `${name} gave a wrong answer to question ${question}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)} in ${body.toString('utf8', 0, 500)}`,
    );
  }
  return 1;
}

/** Orders one after the other, until the input ends: the process cannot outlive the one that gives them. */
async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const report = await runLoad(JSON.parse(line) as LoadOrder);
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

void main();
