import { Field, ID, InputType, Int } from 'type-graphql';
import { ArtifactInput } from '../../datasets/datasets.graphql';
import { BigIntScalar } from '../../kernel/scalars.graphql';
import type { EnvironmentInput, SetupInput } from './run-setup';

const PATH = 'Relative to the top of the repository, with slashes, such as `conf/train.yaml`.';

@InputType('RunDiffInput', { description: 'The changes beyond the commit: either the text or its hash.' })
export class RunDiffInput {
  @Field(() => String, {
    nullable: true,
    description: 'What `git diff --binary HEAD` writes, of at most 1,000,000 characters.',
  })
  readonly text?: string | null;

  @Field(() => String, { nullable: true, description: 'SHA-256 of the same as bytes that were uploaded.' })
  readonly sha256?: string | null;
}

@InputType('RunCodeInput', { description: 'The code that a run runs. What is absent is not told.' })
export class RunCodeInput {
  @Field(() => String, {
    nullable: true,
    description: 'Address of the repository. User and password in it are not kept.',
  })
  readonly repository?: string | null;

  @Field(() => String, { nullable: true, description: 'Hash of the commit.' })
  readonly commit?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the branch.' })
  readonly branch?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the repository at that address has the commit.',
  })
  readonly pushed?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether there are changes beyond the commit; true where there is a diff.',
  })
  readonly dirty?: boolean | null;

  @Field(() => RunDiffInput, { nullable: true, description: 'Those changes.' })
  readonly diff?: RunDiffInput | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Changed files that the diff does not have, at most 100.',
  })
  readonly omittedFiles?: readonly string[] | null;

  @Field(() => String, { nullable: true, description: 'What is run: a file, a module or a notebook.' })
  readonly entryPoint?: string | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'The words of the command line, the program first, such as `["python", "train.py", "--lr", "0.1"]`. Words that look like secrets are refused: tell `***` in their place.',
  })
  readonly command?: readonly string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where the command is given, relative to the top of the repository; `.` is the top.',
  })
  readonly workingDirectory?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What kind of thing is run, in MLflow’s words: `LOCAL`, `NOTEBOOK`, `JOB`, `PROJECT`, …',
  })
  readonly type?: string | null;
}

@InputType('RunFileInput', { description: 'A file that belongs to what a run is made with.' })
export class RunFileInput {
  @Field(() => String, { description: PATH })
  readonly path!: string;

  @Field(() => ArtifactInput, { description: 'The uploaded bytes.' })
  readonly artifact!: ArtifactInput;
}

@InputType('RunPackageInput', { description: 'An installed package.' })
export class PackageInput {
  @Field(() => String, { description: 'Its name, as its installer knows it.' })
  readonly name!: string;

  @Field(() => String, { description: 'Its version, exactly.' })
  readonly version!: string;
}

@InputType('RunGpuInput', { description: 'A GPU of the machine.' })
export class GpuInput {
  @Field(() => String, { description: 'Its model.' })
  readonly name!: string;

  @Field(() => BigIntScalar, { nullable: true, description: 'Its memory, in bytes.' })
  readonly memoryBytes?: bigint | null;

  @Field(() => String, { nullable: true, description: 'Version of its driver.' })
  readonly driver?: string | null;
}

@InputType('RunVariableInput', { description: 'An environment variable.' })
export class VariableInput {
  @Field(() => String, { description: 'Its name. One that looks like a secret’s is refused.' })
  readonly key!: string;

  @Field(() => String, { description: 'Its value. One that looks like a secret is refused.' })
  readonly value!: string;
}

@InputType('RunEnvironmentInput', {
  description: 'The machine and the packages of a run. What is absent is not told.',
})
export class RunEnvironmentInput {
  @Field(() => String, { nullable: true, description: 'Language: `python`, `node`, or any other.' })
  readonly language?: string | null;

  @Field(() => String, { nullable: true, description: 'Its version, such as `3.12.4`.' })
  readonly languageVersion?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Whose the packages’ names are: `pip`, `conda` or `npm`; the language’s own if absent.',
  })
  readonly packageManager?: string | null;

  @Field(() => [PackageInput], {
    nullable: true,
    description: 'All that is installed, at most 5,000 packages. An empty list says that there are none.',
  })
  readonly packages?: readonly PackageInput[] | null;

  @Field(() => [RunFileInput], {
    nullable: true,
    description:
      'Files that pin packages, by their usual names: `requirements.txt`, `conda.yaml`, `package-lock.json`, …; at most 100.',
  })
  readonly lockFiles?: readonly RunFileInput[] | null;

  @Field(() => String, { nullable: true, description: 'Operating system with its version.' })
  readonly operatingSystem?: string | null;

  @Field(() => String, { nullable: true, description: 'Model of the processor.' })
  readonly cpuModel?: string | null;

  @Field(() => Int, { nullable: true, description: 'Its cores, as the system counts them.' })
  readonly cpuCores?: number | null;

  @Field(() => BigIntScalar, { nullable: true, description: 'Memory of the machine, in bytes.' })
  readonly memoryBytes?: bigint | null;

  @Field(() => [GpuInput], {
    nullable: true,
    description: 'Its GPUs, at most 64. An empty list says that there are none.',
  })
  readonly gpus?: readonly GpuInput[] | null;

  @Field(() => String, { nullable: true, description: 'Image of the container, best by its digest.' })
  readonly containerImage?: string | null;

  @Field(() => [VariableInput], {
    nullable: true,
    description: 'Environment variables that matter, at most 200; secrets are refused.',
  })
  readonly variables?: readonly VariableInput[] | null;
}

@InputType('RunSeedInput', { description: 'What random numbers are drawn from.' })
export class SeedInput {
  @Field(() => String, { defaultValue: 'seed', description: 'What it is for, such as `numpy`.' })
  readonly name!: string;

  @Field(() => BigIntScalar, { description: 'The number.' })
  readonly value!: bigint;
}

@InputType('DescribeRunInput', { description: 'What a run is made with. What is absent is not told.' })
export class DescribeRunInput {
  @Field(() => ID, { description: 'Id of a run that is running.' })
  readonly runId!: string;

  @Field(() => RunCodeInput, { nullable: true, description: 'The code.' })
  readonly code?: RunCodeInput | null;

  @Field(() => RunEnvironmentInput, { nullable: true, description: 'The machine and the packages.' })
  readonly environment?: RunEnvironmentInput | null;

  @Field(() => [SeedInput], { nullable: true, description: 'Its seeds, each name once, at most 100.' })
  readonly seeds?: readonly SeedInput[] | null;

  @Field(() => [RunFileInput], {
    nullable: true,
    description: 'Configuration files, each path once, at most 100.',
  })
  readonly configFiles?: readonly RunFileInput[] | null;
}

type Told = Pick<DescribeRunInput, 'code' | 'environment' | 'seeds' | 'configFiles'>;

/** What was told, with sizes as numbers: no machine has 2^53 bytes. What is absent stays so. */
export function setupInput<Input extends Told>({
  environment,
  ...told
}: Input): Omit<Input, 'environment'> & Pick<SetupInput, 'environment'> {
  return environment ? { ...told, environment: environmentInput(environment) } : told;
}

const sizeOf = (bytes: bigint | null | undefined) =>
  bytes === null || bytes === undefined ? null : Number(bytes);

const environmentInput = ({ memoryBytes, gpus, ...facts }: RunEnvironmentInput): EnvironmentInput => ({
  ...facts,
  memoryBytes: sizeOf(memoryBytes),
  gpus:
    gpus?.map(({ name, driver, ...gpu }) => ({
      ...{ name, driver: driver ?? null },
      memoryBytes: sizeOf(gpu.memoryBytes),
    })) ?? null,
});
