import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../../kernel/connection.graphql';
import { BigIntScalar } from '../../kernel/scalars.graphql';
import { TagType } from '../../kernel/tag.graphql';
import { DatasetVersionType } from '../../datasets/datasets.graphql';
import type { DatasetVersion } from '../../datasets/datasets';
import type { KeyValue, RunArtifact } from '../run';
import { ArtifactType } from '../tracking.graphql';
import { MISSING_FACTS, STEP_KINDS, type MissingKind, type StepKind } from './reproduction-step';
import type { GpuCard, InstalledPackage } from './run-setup';

@ObjectType('RunCode', { description: 'The code that a run ran. What was not told is null.' })
export class RunCodeType {
  @Field(() => String, { nullable: true, description: 'Address of the repository, without a password.' })
  readonly repository!: string | null;

  @Field(() => String, { nullable: true, description: 'Hash of the commit.' })
  readonly commit!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the branch.' })
  readonly branch!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the repository at that address had the commit when the run began.',
  })
  readonly pushed!: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether there were changes beyond the commit.' })
  readonly dirty!: boolean | null;

  @Field(() => ArtifactType, {
    nullable: true,
    description: 'Those changes, for `git apply`; its size says how many they were.',
  })
  readonly diff!: RunArtifact | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Changed files that the diff does not have: they were too large, or looked like secrets.',
  })
  readonly omittedFiles!: readonly string[] | null;

  @Field(() => String, { nullable: true, description: 'What was run: a file, a module or a notebook.' })
  readonly entryPoint!: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The words of the command line, the program first; `***` where a secret stood.',
  })
  readonly command!: readonly string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where the command was given, relative to the top of the repository; `.` is the top.',
  })
  readonly workingDirectory!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What kind of thing was run, in MLflow’s words: `LOCAL`, `NOTEBOOK`, `JOB`, `PROJECT`, …',
  })
  readonly type!: string | null;
}

@ObjectType('RunPackage', { description: 'An installed package.' })
export class PackageType {
  @Field(() => String, { description: 'Its name, as its installer knows it.' })
  readonly name!: string;

  @Field(() => String, { description: 'Its version, exactly.' })
  readonly version!: string;
}

@ObjectType('RunGpu', { description: 'A GPU that a run had.' })
export class GpuType {
  @Field(() => String, { description: 'Its model.' })
  readonly name!: string;

  @Field(() => BigIntScalar, { nullable: true, description: 'Its memory, in bytes.' })
  readonly memoryBytes!: number | null;

  @Field(() => String, { nullable: true, description: 'Version of its driver.' })
  readonly driver!: string | null;
}

@ObjectType('RunEnvironment', {
  description: 'The machine and the packages that a run had. What was not told is null.',
})
export class RunEnvironmentType {
  @Field(() => String, { nullable: true, description: 'Language: `python`, `node`, or any other.' })
  readonly language!: string | null;

  @Field(() => String, { nullable: true, description: 'Its version.' })
  readonly languageVersion!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Whose the packages’ names are: `pip`, `conda`, `npm`, or any other.',
  })
  readonly packageManager!: string | null;

  @Field(() => [PackageType], {
    nullable: true,
    description: 'All that was installed, by name. An empty list says that there were none.',
    complexity: listComplexity,
  })
  readonly packages!: readonly InstalledPackage[] | null;

  @Field(() => [ArtifactType], {
    description:
      'Files that pin packages, also those that MLflow’s clients log beside the run’s models: `requirements.txt`, `conda.yaml`, `python_env.yaml`.',
    complexity: listComplexity,
  })
  readonly lockFiles!: readonly RunArtifact[];

  @Field(() => String, { nullable: true, description: 'Operating system with its version.' })
  readonly operatingSystem!: string | null;

  @Field(() => String, { nullable: true, description: 'Model of the processor.' })
  readonly cpuModel!: string | null;

  @Field(() => Int, { nullable: true, description: 'Its cores, as the system counts them.' })
  readonly cpuCores!: number | null;

  @Field(() => BigIntScalar, { nullable: true, description: 'Memory of the machine, in bytes.' })
  readonly memoryBytes!: number | null;

  @Field(() => [GpuType], {
    nullable: true,
    description: 'Its GPUs. An empty list says that there were none.',
  })
  readonly gpus!: readonly GpuCard[] | null;

  @Field(() => String, { nullable: true, description: 'Image of the container.' })
  readonly containerImage!: string | null;

  @Field(() => [TagType], {
    description: 'Environment variables that were told, by name; never secrets.',
    complexity: listComplexity,
  })
  readonly variables!: readonly KeyValue[];
}

@ObjectType('RunSeed', { description: 'What random numbers of a run were drawn from.' })
export class RunSeedType {
  @Field(() => String, { description: 'What it was for.' })
  readonly name!: string;

  @Field(() => BigIntScalar, { description: 'The number.' })
  readonly value!: bigint;
}

const enumOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { readonly [One in Name]: One };

const StepKindEnum = enumOf(STEP_KINDS);
registerEnumType(StepKindEnum, {
  name: 'ReproductionStepKind',
  description: 'What a step of a repetition does.',
  valuesConfig: {
    PREPARE: { description: 'It says what the other steps use.' },
    CHECK_OUT_CODE: { description: 'It brings the code, at its commit.' },
    APPLY_DIFF: { description: 'It makes the changes beyond the commit.' },
    FETCH_FILE: { description: 'It puts a configuration file in its place.' },
    INSTALL_PACKAGES: { description: 'It installs packages, or makes the place for them.' },
    FETCH_DATASET: { description: 'It brings data that the run used.' },
    SET_VARIABLES: { description: 'It sets environment variables.' },
    RUN_COMMAND: { description: 'It runs the command.' },
  },
});

const MissingFactEnum = enumOf(MISSING_FACTS);
registerEnumType(MissingFactEnum, {
  name: 'MissingFactKind',
  description: 'What is not known of a run. New kinds may be added: always select `message`.',
  valuesConfig: {
    REPOSITORY: { description: 'Where the code can be cloned from.' },
    COMMIT: { description: 'Which commit it was.' },
    PUSHED_COMMIT: { description: 'Whether the repository has the commit: it had not.' },
    CLEAN_TREE: { description: 'Whether there were changes beyond the commit.' },
    DIFF: { description: 'The changes beyond the commit, which there were.' },
    OMITTED_FILES: { description: 'Changed files that the diff does not have.' },
    LANGUAGE: { description: 'The language, or its version.' },
    PACKAGES: { description: 'All packages with their versions.' },
    DATASET: { description: 'Where data can be fetched from.' },
    COMMAND: { description: 'The command, or its arguments.' },
    SECRET: { description: 'A secret of the command line.' },
    SEED: { description: 'What random numbers were drawn from.' },
  },
});

@ObjectType('ReproductionStep', { description: 'One act of repeating a run.' })
export class ReproductionStepType {
  @Field(() => StepKindEnum, { description: 'What it does.' })
  readonly kind!: StepKind;

  @Field(() => String, { description: 'One line for a person.' })
  readonly description!: string;

  @Field(() => String, {
    description:
      'What a POSIX shell runs; whatever clients have told is quoted in it. The steps are lines of one shell, with `set -eu`.',
  })
  readonly command!: string;

  @Field(() => ArtifactType, {
    nullable: true,
    description: 'The file that it fetches from this server, if it does.',
  })
  readonly artifact!: RunArtifact | null;

  @Field(() => DatasetVersionType, { nullable: true, description: 'The data that it fetches, if it does.' })
  readonly dataset!: DatasetVersion | null;
}

@ObjectType('MissingFact', { description: 'Something that is not known, and stands in the way.' })
export class MissingFactType {
  @Field(() => MissingFactEnum, { description: 'What.' })
  readonly kind!: MissingKind;

  @Field(() => String, { description: 'One sentence for a person.' })
  readonly message!: string;

  @Field(() => Boolean, {
    description: 'Whether the steps cannot come to their end without it; else what comes out may differ.',
  })
  readonly isBlocking!: boolean;
}

@ObjectType('RunReproduction', { description: 'Everything that is needed to do a run again.' })
export class RunReproductionType {
  @Field(() => [ReproductionStepType], { description: 'What to do, in order.', complexity: listComplexity })
  readonly steps!: readonly ReproductionStepType[];

  @Field(() => [MissingFactType], {
    description: 'What is not known. Empty where all of it is.',
    complexity: listComplexity,
  })
  readonly missing!: readonly MissingFactType[];

  @Field(() => String, {
    description: 'The steps as one script for a POSIX shell, to be run in an empty folder.',
  })
  readonly script!: string;
}
