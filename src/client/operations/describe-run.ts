import { operation } from './operation';
import type { KeyValue, RunResult } from './runs';

export interface FileInput {
  readonly path: string;
  readonly artifact: { readonly sha256: string };
}

/** What a run is made with; what is absent is not told. */
export interface DescribeRunInput {
  readonly runId: string;
  readonly code?: {
    readonly repository?: string;
    readonly commit?: string;
    readonly branch?: string;
    readonly pushed?: boolean;
    readonly dirty?: boolean;
    readonly diff?: { readonly sha256: string };
    readonly omittedFiles?: readonly string[];
    readonly entryPoint?: string;
    readonly command?: readonly string[];
    readonly workingDirectory?: string;
  };
  readonly environment?: {
    readonly language?: string;
    readonly languageVersion?: string;
    readonly packageManager?: string;
    readonly packages?: readonly { readonly name: string; readonly version: string }[];
    readonly lockFiles?: readonly FileInput[];
    readonly operatingSystem?: string;
    readonly cpuModel?: string;
    readonly cpuCores?: number;
    readonly memoryBytes?: number;
    readonly gpus?: readonly {
      readonly name: string;
      readonly memoryBytes: number | null;
      readonly driver: string | null;
    }[];
    readonly containerImage?: string;
    readonly variables?: readonly KeyValue[];
  };
  /** Values as text: JSON has no integers of 64 bits. */
  readonly seeds?: readonly { readonly name: string; readonly value: string }[];
  readonly configFiles?: readonly FileInput[];
}

export const DESCRIBE_RUN = operation<
  { readonly result: RunResult },
  { readonly input: DescribeRunInput }
>(`mutation DescribeRun($input: DescribeRunInput!) {
  result: describeRun(input: $input) {
    __typename ... on DescribeRunSuccess { run { id name status } } ... on UserError { code message }
  }
}`);
