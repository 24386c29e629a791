import { HEAVY_TARGETS } from './heavy-targets';
import { IMAGE_TARGETS } from './image-targets';
import { ROW_TARGETS } from './row-targets';
import type { Target } from './target';

const ALL = { ...ROW_TARGETS, ...IMAGE_TARGETS, ...HEAVY_TARGETS };
export type TargetName = keyof typeof ALL;
export const TARGETS: Readonly<Record<TargetName, Target>> = ALL;

/** The bytes of the request for each question, made before anything is measured. */
export function requestsTo(target: TargetName, url: URL, key: string | null): Buffer[] {
  const { path, bodies } = TARGETS[target];
  return bodies().map(({ bytes, headers }) => {
    const head = [
      `POST ${path} HTTP/1.1`,
      `host: ${url.host}`,
      ...headers,
      `content-length: ${bytes.length}`,
      ...(key === null ? [] : [`authorization: Bearer ${key}`]),
    ];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
  });
}
